#ifndef ENOS_TESTS_SUPPORT_GZIP_H_
#define ENOS_TESTS_SUPPORT_GZIP_H_

#include <gtest/gtest.h>
#include <zlib.h>

#include <string>

namespace enos {

inline constexpr int kGzip = 16 + MAX_WBITS;

// The text as a gzip file, or in the form that zlib's `window_bits` stand for.
inline std::string Packed(std::string text, int window_bits = kGzip) {
  z_stream stream{};
  EXPECT_EQ(
      deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, window_bits, 9, Z_DEFAULT_STRATEGY),
      Z_OK);
  std::string packed(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(text.data());
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

}  // namespace enos

#endif  // ENOS_TESTS_SUPPORT_GZIP_H_
