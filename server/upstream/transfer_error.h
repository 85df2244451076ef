#ifndef ENOS_SERVER_UPSTREAM_TRANSFER_ERROR_H_
#define ENOS_SERVER_UPSTREAM_TRANSFER_ERROR_H_

#include "server/contract/error_table.h"
#include "server/http/http_client.h"

namespace enos::gateway {

// What a call is told whose transfer ended without a complete answer (any end but kAnswered). Where
// nothing was sent: ENOS_UNREACHABLE, certainly not executed, may be tried again; else UNKNOWN, and
// never sent again.
Refusal ErrorOfTransfer(const HttpResult& result);

}  // namespace enos::gateway

#endif  // ENOS_SERVER_UPSTREAM_TRANSFER_ERROR_H_
