"""Run every benchmark and print one table a benchmark."""

from benchmarks import alarms, emotion, gan, ranking, reporting

if __name__ == "__main__":
    for module in (emotion, gan, ranking, reporting, alarms):
        print(f"\n{module.__doc__}\n{module.main()}")  # noqa: T201  a command's output
