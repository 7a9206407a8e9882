from affectlens.pipelines.simulation.pipeline import create_pipeline

__all__ = ["create_pipeline"]
