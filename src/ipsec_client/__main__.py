"""``python -m ipsec_client`` is ``ipsec-client``: how one of its processes starts another."""

import sys

from ipsec_client.app.main import main

sys.exit(main())
