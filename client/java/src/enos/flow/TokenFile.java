package enos.flow;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Reads a token each time anew, because its content is replaced. Messages never show any part of it. */
final class TokenFile {
  private static final int MAX_BYTES = 8 << 10;

  private TokenFile() {}

  static String read(Path path) {
    if (path.toString().startsWith("eyJ")) { // a JWT
      throw new IllegalArgumentException("tokenFile: expected the path of a file, not a token");
    }
    byte[] content;
    if (!Files.isRegularFile(path)) { // reading a pipe could wait for ever
      throw problem(path, "expected a regular file");
    }
    try (InputStream in = Files.newInputStream(path)) {
      content = in.readNBytes(MAX_BYTES + 3); // the end of a line may follow
    } catch (IOException unreadable) {
      throw problem(path, "cannot be read");
    }
    String token = new String(content, StandardCharsets.ISO_8859_1).stripTrailing();
    if (token.isEmpty()) {
      throw problem(path, "is empty, expected a token");
    }
    if (content.length > MAX_BYTES + 2 || token.length() > MAX_BYTES) {
      throw problem(path, "expected a token of at most " + MAX_BYTES + " bytes");
    }
    if (!token.chars().allMatch(c -> c > ' ' && c <= '~')) {
      throw problem(path, "expected a single token: printable ASCII characters, no blanks");
    }
    return token;
  }

  private static IllegalArgumentException problem(Path path, String what) {
    return new IllegalArgumentException("tokenFile " + path + ": " + what);
  }
}
