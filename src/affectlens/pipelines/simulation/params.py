"""What `parameters_simulation.yml` must hold."""

from affectlens.simulation.world import WorldParams


class SimulationParams(WorldParams):
    """The embedded world: its size, its laws, its language, its annotators and its damaged rows."""
