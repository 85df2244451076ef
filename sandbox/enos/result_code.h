// The result codes the sandbox answers, and how it words them.
#ifndef ENOS_SANDBOX_ENOS_RESULT_CODE_H_
#define ENOS_SANDBOX_ENOS_RESULT_CODE_H_

#include <string>

namespace enos::sandbox {

inline constexpr int kSuccess = 0;
inline constexpr int kUnauthenticated = 401;
inline constexpr int kSignatureRefused = 497;
inline constexpr int kRepeatedRequest = 1001;
inline constexpr int kUnknownAppKey = 1002;
inline constexpr int kEncryptionInvalid = 1003;
inline constexpr int kTokenParameterInvalid = 1004;
inline constexpr int kTokenParameterEmpty = 1202;
inline constexpr int kTokenExpired = 1203;
inline constexpr int kUnknownUser = 62101;
inline constexpr int kInvalidParameter = 62102;
inline constexpr int kNoPrivilege = 62103;
inline constexpr int kNoTask = 62104;
inline constexpr int kInvalidArgument = 99400;
inline constexpr int kNotFound = 99404;

// The vendor's text for a code where it is known, else "Error".
std::string MessageOf(int code);

// Whether an EnOS that answers this HTTP status or result code has certainly not run the flow. Of
// 503 that is what the sandbox does, not what holds for every EnOS.
bool IsRefusal(int http_status_or_code);

}  // namespace enos::sandbox

#endif  // ENOS_SANDBOX_ENOS_RESULT_CODE_H_
