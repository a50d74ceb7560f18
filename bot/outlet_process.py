"""The process that sends one text through outlets: `python -m bot.outlet_process`.

Addresses and text come as JSON over standard input. What failed is printed as JSON, by number and without a
word of what a library says: that may quote an address, and an address is a secret.
"""

import json
import logging
import sys

from trading.pids import undumpable


def main() -> int:
    """Send, and say which outlets did not take it; closed to other processes before an address is read."""
    undumpable()
    told = json.load(sys.stdin)
    from apprise import Apprise, AppriseAsset  # the one place that loads it; it takes a while

    logging.disable()
    asset = AppriseAsset(app_id="Peak Ops", app_desc="Peak Ops", plugin_paths=[], storage_mode="memory")
    failed: dict[int, str] = {}
    for number, url in enumerate(told["urls"], start=1):
        outlet = Apprise(asset=asset)
        if not outlet.add(url):
            failed[number] = "its address is none that can be used"
        elif not outlet.notify(title=told["title"], body=told["body"]):
            failed[number] = "it did not take the message"
    sys.stdout.write(json.dumps(failed))
    return 0


if __name__ == "__main__":
    sys.exit(main())
