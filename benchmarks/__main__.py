"""Run every benchmark and print one table a benchmark."""

from benchmarks import breaks, emotion, gan, off_policy, ranking, reporting

if __name__ == "__main__":
    for module in (emotion, gan, ranking, reporting, breaks, off_policy):
        print(f"\n{module.__doc__}\n{module.main()}")  # noqa: T201  a command's output
