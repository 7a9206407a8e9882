"""Wiring of ingestion."""

from __future__ import annotations

from kedro.pipeline import Node, Pipeline

from affectlens.pipelines.ingestion import nodes

# Table -> the accepted tables that its rows may refer to. Order: a table follows those that it refers to.
REFERENCES = {
    "media": (),
    "users": (),
    "contents": ("media",),
    "interactions": ("users", "contents"),
    "utterances": ("users", "contents", "media"),
    "emotion_labels": ("utterances",),
    "annotations": ("utterances",),
    "reaction_counts": ("contents",),
}
WITHOUT_LIMITS = ("emotion_labels", "annotations")


def create_pipeline(**_: object) -> Pipeline:
    """Check every raw table, hash the ids of people, and account for every row that was read."""
    collect = Node(
        nodes.collect_refusals, [f"{table}_refusals" for table in REFERENCES], "rejected_rows", name="collect_refusals"
    )
    account = Node(
        nodes.account_rows,
        ["rejected_rows", "params:ingestion", *(f"{table}_tally" for table in REFERENCES)],
        "row_accounting",
        name="account_rows",
    )
    return Pipeline(
        [*(_ingest(table) for table in REFERENCES), collect, account],
        namespace="ingestion",
        prefix_datasets_with_namespace=False,
        parameters="ingestion",
    )


def _ingest(table: str) -> Node:
    limits = [] if table in WITHOUT_LIMITS else ["params:ingestion"]
    return Node(
        getattr(nodes, f"ingest_{table}"),
        inputs=[f"raw_{table}", *REFERENCES[table], "user_id_key", *limits],
        outputs=[table, f"{table}_refusals", f"{table}_tally"],
        name=f"ingest_{table}",
    )
