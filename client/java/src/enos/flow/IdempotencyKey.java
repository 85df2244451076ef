package enos.flow;

import java.security.SecureRandom;
import java.util.UUID;

/** Keys that name a start, so that it can be repeated. */
public final class IdempotencyKey {
  private static final SecureRandom RANDOM = new SecureRandom();

  private IdempotencyKey() {}

  /**
   * A UUIDv7, which is unique and contains its time, so that a gateway refuses it once it is too old. Generate one for each run
   * that you want to start, and save it with the request, including the trigger time, for as long as you may repeat the call.
   */
  public static String create() {
    return of(System.currentTimeMillis(), RANDOM.nextLong(), RANDOM.nextLong());
  }

  /** RFC 9562: 48 bits of time, the version, 12 random bits, the variant (binary 10), 62 random bits. */
  static String of(long millis, long high, long low) {
    return new UUID(millis << 16 | 0x7000 | (high & 0xfff), 0x8000000000000000L | (low & 0x3fffffffffffffffL)).toString();
  }
}
