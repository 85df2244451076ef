#include "sandbox/enos/result_code.h"

#include <algorithm>
#include <array>
#include <utility>

namespace enos::sandbox {
namespace {

using Entry = std::pair<int, const char*>;

constexpr std::array kMessages = {
    Entry{400, "Invalid Argument"},
    Entry{401, "Unauthenticated"},
    Entry{403, "Permission Denied"},
    Entry{404, "Not Found"},
    Entry{405, "Method Not Allowed"},
    Entry{409, "Already Exists"},
    Entry{413, "Request Body Too Large"},
    Entry{415, "Parameter Out Of Range"},
    Entry{429, "Resource Exhausted"},
    Entry{497, "App Signature Checked Fail"},
    Entry{498, "App Resource Permission Denied"},
    Entry{499, "Client Error"},
    Entry{500, "Internal Server Error"},
    Entry{501, "Not Implemented"},
    Entry{503, "Service Unavailable"},
    Entry{504, "Service Timeout"},
    Entry{1001, "repeated request"},
    Entry{1002, "appKey does not exist"},
    Entry{1003, "encryption is not valid"},
    Entry{1004, "invalid parameter"},
    Entry{1005, "internal service exception"},
    Entry{1202, "parameter is empty"},
    Entry{1203, "access token has expired"},
    Entry{1204, "failed to refresh the token"},
    Entry{62101, "userId does not exist, or it does not match to orgId."},
    Entry{62102, "Invalid parameter, or cannot be created."},
    Entry{62103, "User has no privilege."},
    Entry{62104, "This workflow has no task, you cannot trigger it!"},
    Entry{62105, "The account is locked."},
    Entry{62109, "Server internal exception"},
    Entry{99400, "Invalid Argument"},
    Entry{99403, "Denied resource"},
    Entry{99404, "The object does not exist."},
    Entry{99500, "Internal Server Error"},
};

constexpr std::array kRefusals = {400,   401,   403,   404,   405,   409,   413,   415,
                                  429,   497,   498,   501,   503,   62101, 62102, 62103,
                                  62104, 62105, 99400, 99403, 99404, 1203};

}  // namespace

std::string MessageOf(int code) {
  for (const auto& [known, message] : kMessages) {
    if (known == code) return message;
  }
  return "Error";
}

bool IsRefusal(int http_status_or_code) {
  return std::find(kRefusals.begin(), kRefusals.end(), http_status_or_code) != kRefusals.end();
}

}  // namespace enos::sandbox
