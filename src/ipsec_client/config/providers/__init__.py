"""Providers of gateways that are known, one file each, in the order they are listed in."""

from __future__ import annotations

from collections.abc import Mapping

from ipsec_client.config.providers import (
    aws,
    azure,
    cloudflare,
    google_cloud,
    oracle_cloud,
    prisma_access,
    zscaler,
)
from ipsec_client.config.providers.provider import Provider

PROVIDERS: Mapping[str, Provider] = {
    module.PROVIDER.name: module.PROVIDER
    for module in (zscaler, prisma_access, aws, azure, google_cloud, oracle_cloud, cloudflare)
}
