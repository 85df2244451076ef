#ifndef ENOS_SERVER_ENOS_ANSWER_JSON_H_
#define ENOS_SERVER_ENOS_ANSWER_JSON_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace enos::gateway {

// A member of an answer that is a string or a number. std::monostate: not there, or of another
// type (null, true, an array, ...). An integer beyond int64 is a double.
using JsonScalar = std::variant<std::monostate, std::string, int64_t, double>;

// The members of EnOS's answers that the gateway looks at. Of a member that is there twice the last
// one counts (as in most JSON libraries), and of two `data` the last one as a whole. Strings may
// hold bytes that are not UTF-8 where the JSON had an unpaired surrogate escape: RapidJSON lets
// \udc00 pass.
struct AnswerMembers {
  JsonScalar code;
  JsonScalar status;
  JsonScalar stauts;  // sic: the vendor's own sample spells it so once
  JsonScalar msg;
  JsonScalar submsg;
  JsonScalar request_id;        // requestId
  JsonScalar flow_instance_id;  // data.flowInstanceId
  JsonScalar access_token;      // data.accessToken
  JsonScalar expire;            // data.expire
};

// Reads a body that should be one JSON object: nullopt if it is not one, is not valid JSON or not
// UTF-8 (a byte order mark is skipped), or nests deeper than 64. Builds no tree and does not
// recurse: memory and stack do not depend on what the body holds beyond its longest string.
std::optional<AnswerMembers> ReadAnswerMembers(std::string_view body);

// The value of an integer, or of an integer in a string (an optional sign, then digits only) that
// fits int64; nullopt for anything else.
std::optional<int64_t> IntegerOf(const JsonScalar& scalar);

// The string, or empty if it is none. A view into `scalar`.
std::string_view StringOf(const JsonScalar& scalar);

// Of two spellings of the result code: the first that is an integer; where both are, and differ,
// the one that is not 0 (the first, if neither is).
std::optional<int64_t> ResultCodeOf(const JsonScalar& first, const JsonScalar& second);

}  // namespace enos::gateway

#endif  // ENOS_SERVER_ENOS_ANSWER_JSON_H_
