"""The RPC's implementation."""

import asyncio
import json
import time
from urllib.parse import quote

import aiohttp
import grpc
from yarl import URL

from enos.dataflow.v1 import flow_service_pb2, flow_service_pb2_grpc
from errors import CallError, code_of
from signature import sha256_hex

FLOWS_PATH = "/dataflow-batch-service/v2.0/flows"


class FlowService(flow_service_pb2_grpc.FlowServiceServicer):
    def __init__(self, session, url, secret_key, tokens):
        self._session = session
        self._url = url
        self._secret_key = secret_key
        self._tokens = tokens

    async def UpdateAndTriggerFlow(self, request, context):
        try:
            return await self._trigger(request)
        except CallError as error:
            await context.abort(error.code, error.text)

    async def _trigger(self, request):
        validate(request)
        body = encode_body(request)
        token = self._tokens.current
        try:
            return await self._post(request, body, token)
        except CallError as error:
            if error.code is not grpc.StatusCode.UNAUTHENTICATED:
                raise
        # Refused for its token, and so not executed: once more with a fresh one.
        return await self._post(request, body, await self._tokens.replace(token))

    async def _post(self, request, body, token):
        timestamp = str(time.time_ns() // 1_000_000)
        signed_query = f"actionupdateAndTriggerorgId{request.org_id}userId{request.user_id}"
        query = f"action=updateAndTrigger&orgId={quote(request.org_id, safe='')}&userId={quote(request.user_id, safe='')}"
        headers = {
            "Content-Type": "application/json;charset=UTF-8",
            "apim-accesstoken": token,
            "apim-timestamp": timestamp,
            "apim-signature": sha256_hex(token, signed_query, body, timestamp, self._secret_key),
        }
        try:
            url = URL(f"{self._url}{FLOWS_PATH}?{query}", encoded=True)
            async with self._session.post(url, data=body.encode(), headers=headers, allow_redirects=False) as response:
                return decode_answer(response.status, await response.read())
        except aiohttp.ClientConnectorError as error:
            raise CallError(grpc.StatusCode.UNAVAILABLE, "EnOS cannot be reached") from error
        except asyncio.TimeoutError as error:
            raise CallError(grpc.StatusCode.DEADLINE_EXCEEDED, "EnOS did not answer in time") from error
        except aiohttp.ClientError as error:  # it may have been executed: not UNAVAILABLE, which callers may repeat
            raise CallError(grpc.StatusCode.UNKNOWN, f"the connection to EnOS was lost: {error}") from error


def validate(request):
    """Every rule of a request that can be checked here."""
    time_given = request.HasField("trigger_time") and request.trigger_time.seconds >= 0
    rules = (
        (1 <= len(request.user_id.encode()) <= 256, "user_id: 1 to 256 bytes are expected"),
        (1 <= len(request.org_id.encode()) <= 256, "org_id: 1 to 256 bytes are expected"),
        (request.flow_id > 0, "flow_id: a number above 0 is expected"),
        (time_given and 0 <= request.trigger_time.nanos <= 999_999_999, "trigger_time: a time since 1970 is expected"),
        (len(request.parameters) <= 10_000, "parameters: at most 10000 are expected"),
        (all(1 <= len(p.key.encode()) <= 1024 and len(p.value.encode()) <= 65536 for p in request.parameters),
         "parameters: a key of 1 byte to 1 KiB and a value of at most 64 KiB are expected"),
    )
    for kept, text in rules:
        if not kept:
            raise CallError(grpc.StatusCode.INVALID_ARGUMENT, text)


def encode_body(request):
    """The body of the call to EnOS."""
    trigger_time = request.trigger_time
    return json.dumps({
        "flowId": request.flow_id,
        "triggerTime": trigger_time.seconds * 1000 + trigger_time.nanos // 1_000_000,
        "parameters": [{"key": p.key, "value": p.value} for p in request.parameters],
    }, separators=(",", ":"), ensure_ascii=False)


def decode_answer(http_status, text):
    """EnOS's answer as the RPC's; a refusal is raised."""
    try:
        answer = json.loads(text)
    except ValueError:
        answer = None
    answer = answer if isinstance(answer, dict) else {}
    code = answer.get("code", answer.get("status"))  # v2.1, v2.0
    if isinstance(code, int) and code != 0:
        raise CallError(code_of(code), f"EnOS answered {code}: {answer.get('msg')}")
    if http_status >= 400:
        raise CallError(code_of(http_status), f"EnOS answered HTTP {http_status}")
    instance_id = (answer.get("data") or {}).get("flowInstanceId")
    if code != 0 or not 200 <= http_status <= 299 or not instance_id:
        raise CallError(grpc.StatusCode.INTERNAL, "EnOS's answer makes no sense")
    return flow_service_pb2.UpdateAndTriggerFlowResponse(flow_instance_id=instance_id)
