#ifndef ENOS_SERVER_ENOS_JSON_WRITER_H_
#define ENOS_SERVER_ENOS_JSON_WRITER_H_

#include <rapidjson/writer.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace enos::gateway {

// An output stream of RapidJSON that writes straight into a std::string, so that a finished body
// of up to a megabyte is not copied once more. The string is sized ahead and grows by doubling only
// where escapes make the text longer than the estimate.
class StringSink {
 public:
  using Ch = char;

  explicit StringSink(size_t estimate) : text_(estimate, '\0') {}

  void Put(char c) {
    if (size_ == text_.size()) text_.resize(2 * size_ + 64);
    text_[size_++] = c;
  }
  void Flush() {}

  // The text; the sink is spent.
  std::string Take() {
    text_.resize(size_);
    return std::move(text_);
  }

 private:
  std::string text_;
  size_t size_ = 0;
};

using JsonWriter = rapidjson::Writer<StringSink>;

// Strings shorter than 4 GiB: RapidJSON counts in 32 bits. Everything here is far below.
inline void WriteKey(JsonWriter& writer, std::string_view key) {
  writer.Key(key.data(), static_cast<rapidjson::SizeType>(key.size()));
}
inline void WriteString(JsonWriter& writer, std::string_view value) {
  writer.String(value.data(), static_cast<rapidjson::SizeType>(value.size()));
}

}  // namespace enos::gateway

#endif  // ENOS_SERVER_ENOS_JSON_WRITER_H_
