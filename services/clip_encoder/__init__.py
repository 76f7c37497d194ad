"""Turns clips into vectors: frame packs and transcripts in, one vector per modality out."""
