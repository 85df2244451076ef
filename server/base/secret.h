#ifndef ENOS_SERVER_BASE_SECRET_H_
#define ENOS_SERVER_BASE_SECRET_H_

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace enos::gateway {

// Holds a key or a token. It can be moved but not copied, cannot be printed, and its bytes are
// wiped when it is destroyed, replaced or moved from, so that no copy stays behind in freed memory.
// The caller is responsible for the revealed text: reveal late, keep no copy. Not thread-safe,
// except that any number of threads may call the const functions.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string_view value);
  ~Secret();
  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret&& other) noexcept;
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;

  // Takes over the value and wipes `source`, which is empty afterwards.
  static Secret TakeFrom(std::string& source);

  // Valid until the secret is destroyed, assigned to or moved from.
  std::string_view Reveal() const { return {bytes_.get(), size_}; }
  bool empty() const { return size_ == 0; }

  template <typename Stream>
  friend Stream& operator<<(Stream& stream, const Secret& secret) = delete;

 private:
  void Wipe();

  // Not a std::string: moving a short one leaves its bytes behind.
  std::unique_ptr<char[]> bytes_;
  size_t size_ = 0;
};

// Overwrites the text, including its spare capacity, in a way that no optimizer drops, and empties
// it.
void WipeString(std::string& text);

}  // namespace enos::gateway

#endif  // ENOS_SERVER_BASE_SECRET_H_
