package enos.flow;

import java.security.SecureRandom;
import java.util.UUID;

/** Keys that name a start, so that it can be repeated. */
public final class IdempotencyKey {
  private static final SecureRandom RANDOM = new SecureRandom();

  private IdempotencyKey() {}

  /**
   * A UUID of version 7, which nobody else makes and which carries its time, so that a gateway that has forgotten it refuses it.
   * Make one for each start that you intend, and keep it with the request, its trigger time above all, for as long as you may
   * repeat the call.
   */
  public static String create() {
    return of(System.currentTimeMillis(), RANDOM.nextLong(), RANDOM.nextLong());
  }

  /** RFC 9562: 48 bits of time, the version, 12 random bits, the variant (binary 10), 62 random bits. */
  static String of(long millis, long high, long low) {
    return new UUID(millis << 16 | 0x7000 | (high & 0xfff), 0x8000000000000000L | (low & 0x3fffffffffffffffL)).toString();
  }
}
