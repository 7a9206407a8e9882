"""Wiring: one history, written down as raw tables and truth."""

from collections.abc import Callable

from kedro.pipeline import Node, Pipeline

from affectlens.pipelines.simulation import nodes

PARAMS = "params:simulation"


def create_pipeline(**_: object) -> Pipeline:
    """Simulate the embedded world and write it through the same raw tables as real sources."""
    return Pipeline(
        [
            Node(nodes.simulate_history, [PARAMS, "params:seed"], "simulated_history", name="simulate_history"),
            _node(nodes.tabulate_users_and_contents, ["raw_users", "raw_contents"]),
            _node(nodes.tabulate_interactions, ["raw_interactions", "simulated_truth"]),
            _node(nodes.write_utterances, ["raw_utterances", "simulated_utterance_truth"]),
            Node(
                nodes.annotate_utterances,
                inputs=["simulated_utterance_truth", PARAMS, "params:seed"],
                outputs=["raw_emotion_labels", "raw_annotations"],
                name="annotate_utterances",
            ),
            _node(nodes.count_reactions, "raw_reaction_counts"),
            _node(nodes.draw_media, "raw_media"),
            _node(nodes.state_statistics, "simulated_statistics"),
            _node(nodes.describe_world, "simulated_world"),
        ],
        namespace="simulation",
        prefix_datasets_with_namespace=False,
    )


def _node(function: Callable[..., object], outputs: str | list[str]) -> Node:
    """A node that reads the history alone."""
    return Node(function, inputs="simulated_history", outputs=outputs, name=function.__name__)
