#ifndef ENOS_SERVER_ENOS_ANSWER_JSON_H_
#define ENOS_SERVER_ENOS_ANSWER_JSON_H_

#include <cstddef>
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
// hold bytes that are not UTF-8: where the body did, and where it had an unpaired low surrogate
// escape, which RapidJSON lets pass (\udc00).
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

bool operator==(const AnswerMembers& a, const AnswerMembers& b);

// Reads a body that should be one JSON object (a byte order mark is skipped): nullopt if it is not
// one, is cut or otherwise broken, or nests deeper than 64. What only spoils a text or a number (a
// control character, half a surrogate pair, an escape that is none, bytes that are not UTF-8, a
// number that no double holds) spoils nothing else: the rest is read, for a result code must count
// whatever stands beside it; mend_json.h says what becomes of the spoilt part. Builds no tree and
// does not recurse: the stack does not depend on what the body holds, memory on its size only.
std::optional<AnswerMembers> ReadAnswerMembers(std::string_view body);

// The second of its two readings, for what the first one, as it stands, did not take. Of what that
// one takes it gives the same members.
std::optional<AnswerMembers> ReadAnswerMembersLeniently(std::string_view body);

// The value of an integer, or of an integer in a string (an optional sign, then digits only) that
// fits int64; nullopt for anything else.
std::optional<int64_t> IntegerOf(const JsonScalar& scalar);

// The string, or empty if it is none. A view into `scalar`.
std::string_view StringOf(const JsonScalar& scalar);

// Whether a text is 1 to max_bytes printable ASCII characters, none of them a space.
bool IsPrintableWord(std::string_view text, size_t max_bytes);

// Of two spellings of the result code: the first that is an integer; where both are, and differ,
// the one that is not 0 (the first, if neither is).
std::optional<int64_t> ResultCodeOf(const JsonScalar& first, const JsonScalar& second);

}  // namespace enos::gateway

#endif  // ENOS_SERVER_ENOS_ANSWER_JSON_H_
