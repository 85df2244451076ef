package enos.flow;

import io.grpc.Metadata;

/** The metadata that calls and answers have. */
final class Headers {
  static final Metadata.Key<String> AUTHORIZATION = key("authorization");
  static final Metadata.Key<String> REQUEST_ID = key("x-request-id");
  static final Metadata.Key<String> ENOS_REQUEST_ID = key("enos-request-id");
  static final Metadata.Key<String> IDEMPOTENCY = key("enos-idempotency");

  private Headers() {}

  private static Metadata.Key<String> key(String name) {
    return Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER);
  }

  static String first(Metadata metadata, Metadata.Key<String> key, String otherwise) {
    String value = metadata == null ? null : metadata.get(key);
    return value == null ? otherwise : value;
  }
}
