"""Commands of AffectLens. `affectlens NAME` works everywhere; in a checkout `kedro NAME` offers the same."""

from __future__ import annotations

import shutil
from collections import defaultdict
from pathlib import Path
from typing import Any

import click
from kedro.framework.cli.project import run
from kedro.framework.context import KedroContext
from kedro.framework.project import settings
from kedro.framework.session import KedroSession
from kedro.io.core import AbstractVersionedDataset, DatasetError
from omegaconf import OmegaConf

from affectlens.session import no_environment

_env = click.option("--env", "-e", default=None, help="Data environment: base (default), goemotions, sequences, ...")
_conf = click.option("--conf-source", default=None, help="Folder of the configuration; default: conf/")


@click.group(name="affectlens")
def affectlens() -> None:
    """AffectLens: where attention goes, and how people express emotion.

    \b
    affectlens run                               the whole chain on the embedded world
    affectlens run --env goemotions --pipeline analysis
    affectlens fetch goemotions                  bring a real data set, checked
    affectlens recommend FILE                    a leaderboard and recommendations from a file of your own
    affectlens trace USER                        one request through S, E, A, G, W, R
    affectlens generate --emotion joy --out DIR  texts, pictures and clips made for an emotion
    affectlens compare RUN RUN                   what changed from one run to another
    affectlens emotions FILE.csv --text-column body   emotions of your own texts, to Parquet
    """  # noqa: D301  click reads the \b


@affectlens.group(name="commands", hidden=True)
def cli() -> None:
    """The same commands inside `kedro`."""


def _session(env: str | None, conf_source: str | None) -> KedroSession:
    session: KedroSession = settings.SESSION_CLASS.create(env=env, conf_source=conf_source)
    conf = Path(session._get_config_loader().conf_source)
    if env is not None and not (conf / env).is_dir():
        raise click.ClickException(no_environment(env, conf))
    return session


def _context(env: str | None, conf_source: str | None) -> KedroContext:
    context: KedroContext = _session(env, conf_source).load_context()
    return context


def _versioned(context: KedroContext) -> dict[str, AbstractVersionedDataset[Any, Any]]:
    catalog = context.catalog
    found = {}
    for name in catalog.keys():  # noqa: SIM118  a catalog is not a mapping
        dataset = catalog.get(name)
        if isinstance(dataset, AbstractVersionedDataset) and dataset._version is not None:
            found[name] = dataset
    return found


@cli.command()
@click.argument("name")
def fetch(name: str) -> None:
    """Bring the real data set NAME into the cache, checked by SHA-256; its licence is shown.

    A mirror in AFFECTLENS_MIRROR (a folder or an address) goes first.
    """
    from affectlens.fetch import FetchError, fetch_files, licence_of

    try:
        click.echo(f"Licence of {name}: {licence_of(name)}")
        for path in fetch_files(name):
            click.echo(path)
    except FetchError as error:
        raise click.ClickException(str(error)) from error


@cli.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--items", type=click.Path(exists=True, dir_okay=False), help="Table of items: item, title, tags.")
@click.option("--user", metavar="COLUMN", help="Column of the users, where its name does not tell.")
@click.option("--item", metavar="COLUMN", help="Column of the items.")
@click.option("--time", metavar="COLUMN", help="Column of the times: ISO 8601, or seconds since 1970.")
@click.option("--value", metavar="COLUMN", help="Column of the ratings, if there are any.")
@click.option("--k", default=10, show_default=True, type=click.IntRange(min=1), help="Recommendations a user.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Folder for everything that is made.")
@click.option("--params", "more", default="", help="Parameters as in `run`: name=value,name=value.")
@_conf
def recommend(file: Path, out: Path | None, k: int, more: str, conf_source: str | None, **columns: str | None) -> None:
    """Tune, train and compare recommenders on FILE, and write the best contents for each of its users.

    FILE holds one row an interaction with user, item and time: CSV, TSV, Parquet, RecBole's .inter, or a file of
    MovieLens, plain or gzip. Without --out the results lie in data/envs/own_<name of FILE>.
    """
    from affectlens import own_file

    folder = (out or Path("data/envs") / f"own_{file.name.split('.')[0]}").resolve()
    stated = own_file.own_parameters(file.resolve(), folder, columns, k)
    params = OmegaConf.to_container(OmegaConf.merge(stated, OmegaConf.from_dotlist(more.split(",") if more else [])))
    session = settings.SESSION_CLASS.create(env=own_file.ENVIRONMENT, conf_source=conf_source, runtime_params=params)
    try:
        session.run(pipeline_names=["analysis"])
    except (DatasetError, ValueError) as error:
        raise click.ClickException(str(error.__cause__ or error)) from error
    text = own_file.write_results(session.load_context().catalog, folder)
    lists = folder / own_file.RECOMMENDATIONS, folder / own_file.LEADERBOARD
    click.echo(f"{text}\n\nRecommendations: {lists[0]}\nLeaderboard: {lists[1]}")


@cli.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--user", metavar="COLUMN", help="Columns, as in `recommend`.")
@click.option("--item", metavar="COLUMN")
@click.option("--time", metavar="COLUMN")
@click.option("--value", metavar="COLUMN")
@click.option("--k", default=10, show_default=True, type=click.IntRange(min=1), help="Recommendations a user.")
@click.option("--out", required=True, type=click.Path(exists=True, path_type=Path), help="Folder of the earlier run.")
@_conf
def refresh(file: Path, out: Path, k: int, conf_source: str | None, **columns: str | None) -> None:
    """Recommend again to the users of FILE, who did something new, without another training.

    FILE holds new events in the form that `recommend` reads; the model is that of the run in --out.
    """
    from affectlens import own_file

    stated = own_file.own_parameters(file.resolve(), out.resolve(), columns, k)
    session = settings.SESSION_CLASS.create(env=own_file.ENVIRONMENT, conf_source=conf_source, runtime_params=stated)
    context = session.load_context()
    try:
        params = context.params
        lists = own_file.refreshed_lists(context.catalog, params["source"], params["inference"]["ranking"])
    except (DatasetError, ValueError) as error:
        raise click.ClickException(str(error.__cause__ or error)) from error
    lists.to_csv(out / own_file.REFRESHED, index=False)
    click.echo(f"{lists['user_id'].nunique()} users have new lists: {out / own_file.REFRESHED}")


@cli.command()
@click.argument("user")
@_env
@_conf
def trace(user: str, env: str | None, conf_source: str | None) -> None:
    """Follow one request of USER through S_t, E_t, A_t, G_t, W_t and R_t.

    USER is an id as in the source (u000123) or as in the tables (its keyed hash).
    """
    from affectlens.pipelines.inference.trace import trace_from_catalog

    try:
        click.echo(trace_from_catalog(_context(env, conf_source).catalog, user))
    except LookupError as error:
        raise click.ClickException(str(error)) from error
    except DatasetError as error:
        lacks, command = str(error).split(":")[0], "affectlens run" + (f" --env {env}" if env else "")
        raise click.ClickException(
            f"environment {env or 'base'!r} holds no whole chain to follow: {lacks} is missing. Make one with "
            f"`{command}`, in an environment whose data allow the stage inference"
        ) from error


@cli.command()
@click.option("--emotion", "emotions", required=True, multiple=True, help="NAME, or NAME=WEIGHT for one of a mixture.")
@click.option(
    "--intensity", default=1.0, show_default=True, type=click.FloatRange(0.0, 1.0), help="0 is like all contents."
)
@click.option("--interest", default="any", show_default=True, help="A topic of the training contents.")
@click.option("--n", default=20, show_default=True, type=click.IntRange(1, 10_000), help="How many of each form.")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(min=0), help="The same seed makes the same.")
@click.option("--out", required=True, type=click.Path(path_type=Path, file_okay=False), help="Folder to write to.")
@click.option("--overwrite", is_flag=True, help="Write into a folder that is not empty.")
@_env
@_conf
def generate(
    emotions: tuple[str, ...],
    intensity: float,
    interest: str,
    n: int,
    seed: int,
    out: Path,
    overwrite: bool,
    env: str | None,
    conf_source: str | None,
) -> None:
    """Make contents for an emotion and an interest with the generators of the newest run.

    \b
    affectlens generate --emotion joy --intensity 0.8 --interest music --n 20 --out DIR

    DIR gets vectors.parquet, texts.txt, images/*.png, clips/*.gif, a contact_sheet.png, and contents.jsonl with the
    provenance of each: that it is generated, by which models, and from which seed. Pictures and clips carry it inside.
    Environments without pictures or clips give vectors and texts alone.
    """  # noqa: D301  click reads the \b
    from affectlens.pipelines.gan_training.request import Request, RequestError, generate_from_catalog, parse_emotions

    if out.exists() and any(out.iterdir()) and not overwrite:
        raise click.ClickException(f"{out} is not empty; name another folder, or pass --overwrite")
    try:
        request = Request(parse_emotions(emotions), intensity, interest, n, seed)
        written = generate_from_catalog(_context(env, conf_source).catalog, request, out)
    except RequestError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{len(written)} files in {out}: {n} of each form, generated with seed {seed}")


@cli.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--text-column", required=True, help="Column that holds the texts.")
@click.option("--id-column", default=None, help="Column that is copied to the output, as strings.")
@click.option(
    "--output", type=click.Path(path_type=Path), default=None, help="Default: FILE with the ending .emotions.parquet."
)
@click.option("--overwrite", is_flag=True, help="Replace the output if it exists.")
@click.option("--encoding", default="utf-8", show_default=True, help="Of a CSV, TSV or JSON-lines file.")
@click.option("--separator", default=None, help="Of a CSV file; default: a comma, a tabulator for .tsv.")
@click.option("--chunk-rows", default=8192, show_default=True, type=click.IntRange(min=1), help="Rows held at once.")
@_env
@_conf
def emotions(
    file: Path,
    text_column: str,
    id_column: str | None,
    output: Path | None,
    overwrite: bool,
    encoding: str,
    separator: str | None,
    chunk_rows: int,
    env: str | None,
    conf_source: str | None,
) -> None:
    """Read emotion off every text of FILE and write the result as Parquet.

    FILE is CSV or TSV with a header line, JSON lines (each plain or gzip) or Parquet. It is read in chunks, so its size
    does not matter. The output has one row for each row of FILE, in the same order:

    \b
    row             place in FILE, from 0
    labels          the emotions that the text expresses, by thresholds tuned on validation texts
    conformal_set   the emotions that cannot be ruled out at the coverage that the model was tuned for
    strongest       the emotion with the highest probability
    p_<emotion>     calibrated probability of each emotion

    A row without a text gets nulls. The model is `emotion_checkpoint` of the environment: the one that the newest run
    of its emotion_training chose.
    """  # noqa: D301  click reads the \b
    from affectlens.annotation import AnnotationError, Columns, annotate

    name = file.name.removesuffix(".gz")
    target = output or file.with_name(name.removesuffix(Path(name).suffix) + ".emotions.parquet")
    if target.is_file() and not overwrite:
        raise click.ClickException(f"{target} exists; pass --overwrite to replace it, or another --output")
    dataset = _context(env, conf_source).catalog["emotion_checkpoint"]
    if not dataset.exists():
        environment = env or "base"
        raise click.ClickException(
            f"environment {environment!r} has no trained emotion model; make one with "
            f"`affectlens run --env {environment}`, or name another environment with --env"
        )
    columns = Columns(text_column, id_column, encoding, separator)
    try:
        done = annotate(file, columns, dataset.load(), target, chunk_rows)
    except AnnotationError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{done.n_rows} rows ({done.n_empty} without a text) -> {target}")


@cli.command()
@_env
@_conf
@click.option("--keep", default=3, show_default=True, type=click.IntRange(min=1), help="Newest versions to keep.")
@click.option("--dry-run", is_flag=True, help="Say what would go, and leave it.")
def prune(env: str | None, conf_source: str | None, keep: int, dry_run: bool) -> None:
    """Delete old versions of checkpoints, leaderboards, figures and reports."""
    report = _versioned(_context(env, conf_source))["report"]
    doomed = old_versions(Path(str(report._filepath)).parents[1], keep)
    for path in doomed:
        if not dry_run:
            shutil.rmtree(path)
    click.echo(f"{'would delete' if dry_run else 'deleted'} {len(doomed)} old versions; the newest {keep} of each stay")


def old_versions(root: Path, keep: int) -> list[Path]:
    """Folders of all but the newest versions of every versioned dataset under a data root."""
    versions: dict[Path, list[Path]] = defaultdict(list)
    for path in root.glob("0*/**/*"):
        if path.is_dir() and (path / path.parent.name).is_file():
            versions[path.parent].append(path)
    return sorted(path for paths in versions.values() for path in sorted(paths, reverse=True)[keep:])


@cli.command()
@click.argument("version")
@_env
@_conf
def report(version: str, env: str | None, conf_source: str | None) -> None:
    """Make the report of an older run again, from the versions that the run VERSION saved."""
    session = _session(env, conf_source)
    context = session.load_context()
    from kedro.framework.project import pipelines

    pipelines.set_requested(None)
    inputs = pipelines["reporting"].inputs()
    load_versions = {
        name: version
        for name, dataset in _versioned(context).items()
        if name in inputs and any(Path(found).parent.name == version for found in dataset.list_versions())
    }
    if not load_versions:
        raise click.ClickException(f"no dataset that the report cites has a version {version!r}")
    session.run(pipeline_names=["reporting"], load_versions=load_versions)


@cli.command()
@click.argument("first")
@click.argument("second")
@_env
@_conf
def compare(first: str, second: str, env: str | None, conf_source: str | None) -> None:
    """Compare two runs of one environment: parameters, data, and every number of their leaderboards.

    FIRST and SECOND are run ids, as the reports and the folders of versions name them.
    """
    from affectlens.pipelines.reporting.comparison import comparison_page
    from affectlens.pipelines.reporting.runs import load_run

    context = _context(env, conf_source)
    root = Path(str(_versioned(context)["report"]._filepath)).parents[1]
    try:
        older, newer = (load_run(root, version) for version in (first, second))
    except LookupError as error:
        raise click.ClickException(str(error)) from error
    page = context.project_path / "reports" / f"compare_{first}_{second}.html"
    page.parent.mkdir(exist_ok=True)
    page.write_text(comparison_page(older, newer, context.params["reporting"]["language"]), encoding="utf-8")
    click.echo(page)


affectlens.add_command(run)
for _command in tuple(cli.commands.values()):
    affectlens.add_command(_command)
