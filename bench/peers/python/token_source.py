"""The access token: fetched at start, renewed before it expires."""

import asyncio
import logging
import time

import aiohttp
import grpc

from errors import CallError
from signature import sha256_hex

TOKEN_PATH = "/apim-token-service/v2.0/token/"
TIMEOUT = aiohttp.ClientTimeout(total=5)
RETRY_SECONDS = 1


class TokenSource:
    def __init__(self, session, url, access_key, secret_key):
        self._session = session
        self._url = url
        self._access_key = access_key
        self._secret_key = secret_key
        self._fetching = asyncio.Lock()  # one fetch at a time, however many calls wait for it
        self._lifetime = 0
        self._last_timestamp = 0  # EnOS takes each one once
        self._renewal = None
        self.current = ""

    async def start(self):
        """Fetches the first token; from then on it is renewed in the background."""
        await self._fetch("get")
        self._renewal = asyncio.create_task(self._renew())

    async def replace(self, refused):
        """Another token than the refused one: the current one where it is another already, else what `get` answers, and
        where that is the refused one still, what `refresh` answers."""
        async with self._fetching:
            for action in ("get", "refresh"):
                if self.current != refused:
                    break
                await self._fetch(action)
        return self.current

    async def _renew(self):
        wait = self._lifetime * 0.8
        while True:
            await asyncio.sleep(wait)
            try:
                await self.replace(self.current)
                wait = self._lifetime * 0.8
            except CallError as error:
                logging.warning("renew the token: %s", error)
                wait = RETRY_SECONDS

    async def _fetch(self, action):
        timestamp = max(time.time_ns() // 1_000_000, self._last_timestamp + 1)
        self._last_timestamp = timestamp
        fields = {
            "appKey": self._access_key,
            "timestamp": timestamp,
            "encryption": sha256_hex(self._access_key, str(timestamp), self._secret_key),
        }
        if action == "refresh":
            fields["accessToken"] = self.current
        try:
            async with self._session.post(self._url + TOKEN_PATH + action, json=fields, timeout=TIMEOUT) as response:
                answer = await response.json(content_type=None)
        except (aiohttp.ClientError, asyncio.TimeoutError, ValueError) as error:
            raise CallError(grpc.StatusCode.UNAVAILABLE, f"no token to be had: {error}") from error
        data = answer.get("data") or {}
        if answer.get("status") != 0 or not data.get("accessToken"):
            raise CallError(grpc.StatusCode.UNAVAILABLE, f"EnOS gives no token: {answer.get('msg')}")
        self.current = data["accessToken"]
        self._lifetime = data["expire"]
