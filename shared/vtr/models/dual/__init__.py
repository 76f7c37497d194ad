"""The dual encoder: a video and a text as one vector each, trained end to end from small frames."""
