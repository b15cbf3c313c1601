"""`python -m ipsec_lab`, as the lab starts itself where ESP is."""

import sys

from ipsec_lab.main import main

sys.exit(main())
