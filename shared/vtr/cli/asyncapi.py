"""``vtr asyncapi``: the AsyncAPI document of every topic and event."""

from __future__ import annotations

from vtr.cli.options import JsonOption


def asyncapi(as_json: JsonOption = False) -> None:
    """Print the AsyncAPI 3.0 document of all topics, as YAML or as JSON.

    Example:

      vtr asyncapi > asyncapi.yaml
    """
    import yaml

    from vtr import __version__
    from vtr.cli.output import write_json
    from vtr.contracts.asyncapi import asyncapi_document

    document = asyncapi_document(__version__)
    if as_json:
        write_json(document)
    else:
        print(yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=110), end="")
