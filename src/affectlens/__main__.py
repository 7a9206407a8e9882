"""The command `affectlens`: from a checkout or from an installed wheel."""

import os
from pathlib import Path


def main() -> None:
    """Run the command line; without a `conf/` in the current folder the configuration of the package is used."""
    packaged = Path(__file__).parent / "conf"
    defaults = {} if Path("conf").is_dir() else {"conf_source": str(packaged)}
    if defaults:
        os.environ.setdefault("KEDRO_LOGGING_CONFIG", str(packaged / "logging.yml"))  # Kedro reads it when imported
    from kedro.framework.project import configure_project

    configure_project("affectlens")
    from affectlens.cli import affectlens

    affectlens(prog_name="affectlens", default_map=dict.fromkeys(affectlens.commands, defaults))


if __name__ == "__main__":
    main()
