"""Models: base towers in :mod:`vtr.models.encoders`. Nothing here imports torch by being imported."""
