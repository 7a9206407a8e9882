"""The command `affectlens`: in a checkout, from a checkout that is installed, or from an installed wheel."""

import os
from pathlib import Path


def main() -> None:
    """Run the command line; without a `conf/` in the current folder the package's, or its checkout's, is used."""
    package = Path(__file__).resolve().parent
    packaged = next(each for each in (package / "conf", package.parents[1] / "conf") if each.is_dir())
    defaults = {} if Path("conf").is_dir() else {"conf_source": str(packaged)}
    os.environ.setdefault("KEDRO_DISABLE_TELEMETRY", "true")  # outside a project no file says that nothing is sent
    if defaults:
        os.environ.setdefault("KEDRO_LOGGING_CONFIG", str(packaged / "logging.yml"))  # Kedro reads it when imported
    from kedro.framework.project import configure_project

    configure_project("affectlens")
    from affectlens.cli import affectlens

    affectlens(prog_name="affectlens", default_map=dict.fromkeys(affectlens.commands, defaults))


if __name__ == "__main__":
    main()
