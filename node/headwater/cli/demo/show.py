"""The demo in a browser: the viewer, from before the first round to Ctrl-C."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from headwater.chain.asking.rpc import connect
from headwater.chain.deploying.records import Deployment, network_name
from headwater.cli.viewer.server import Site, open_browser, serving
from headwater.storage.opening import open_store


@contextmanager
def show(rpc: str, folder: Path, where: str, sample: Path) -> Iterator[str]:
    """Serve the viewer, and open a browser if there is one; the page's URL.

    Args:
        rpc: the chain, to which the contracts are deployed.
        folder: the demo's.
        where: the store, as `open_store` takes it.
        sample: held-out rows, which become public, so that the page can measure models on them.
    """
    chain, store = connect(rpc), open_store(where)
    cid = store.put(sample.read_bytes())
    deployment = Deployment.load(network_name(chain.chain_id), folder / "deployments")
    with serving(Site(chain, deployment, store, str(cid) if cid.is_raw else None)) as url:
        open_browser(url)
        yield url
