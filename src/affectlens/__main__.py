"""The command `affectlens`: from a checkout or from an installed wheel."""

from pathlib import Path

from kedro.framework.project import configure_project


def main() -> None:
    """Run the command line; without a `conf/` in the current folder the configuration of the package is used."""
    configure_project("affectlens")
    from affectlens.cli import affectlens

    defaults = {} if Path("conf").is_dir() else {"conf_source": str(Path(__file__).parent / "conf")}
    affectlens(prog_name="affectlens", default_map=dict.fromkeys(affectlens.commands, defaults))


if __name__ == "__main__":
    main()
