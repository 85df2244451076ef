// Turns a proper answer into what a fault makes of it.
#ifndef ENOS_SANDBOX_FAULTS_SPOIL_H_
#define ENOS_SANDBOX_FAULTS_SPOIL_H_

#include <string>

#include "sandbox/faults/fault.h"
#include "sandbox/http/answer.h"

namespace enos::sandbox {

struct SpoilContext {
  std::string code_member;  // "status" or "code": what this generation of the service calls it
  std::string target;       // of the request, for redirects
};

// Everything of the fault but its latency, which is the caller's to choose.
Answer Spoil(Answer proper, const Fault& fault, const SpoilContext& context);

}  // namespace enos::sandbox

#endif  // ENOS_SANDBOX_FAULTS_SPOIL_H_
