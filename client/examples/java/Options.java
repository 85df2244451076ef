import enos.dataflow.v1.FlowParameter;
import java.util.ArrayList;
import java.util.List;

/** The command line. */
final class Options {
  static final String USAGE = "trigger_flow [--address=HOST:PORT] [--ca_file=FILE] --user_id=ID --org_id=ID --flow_id=N\n"
      + "  [--param=KEY=VALUE]... [--timeout=SECONDS] [--attempts=N]";

  String address = "127.0.0.1:50051";
  String caFile = ""; // if set, TLS; otherwise plaintext
  String userId = "";
  String orgId = "";
  int flowId = 0;
  final List<FlowParameter> parameters = new ArrayList<>();
  double timeoutSeconds = 30; // for everything, including retries
  int attempts = 4;

  /** Throws IllegalArgumentException with a message for people. */
  static Options parse(String[] arguments) {
    Options options = new Options();
    for (String argument : arguments) {
      String[] parts = argument.split("=", 2);
      if (parts.length != 2) {
        throw new IllegalArgumentException(argument + ": expected --name=value");
      }
      try {
        options.set(parts[0], parts[1]);
      } catch (NumberFormatException notANumber) {
        throw new IllegalArgumentException(argument + ": expected a number");
      }
    }
    return options;
  }

  private void set(String name, String value) {
    switch (name) {
      case "--address" -> address = value;
      case "--ca_file" -> caFile = value;
      case "--user_id" -> userId = value;
      case "--org_id" -> orgId = value;
      case "--flow_id" -> flowId = Integer.parseInt(value);
      case "--param" -> parameters.add(parameter(value));
      case "--timeout" -> timeoutSeconds = Double.parseDouble(value);
      case "--attempts" -> attempts = Integer.parseInt(value);
      default -> throw new IllegalArgumentException(name + ": no such flag");
    }
  }

  private static FlowParameter parameter(String text) {
    String[] parts = text.split("=", 2);
    if (parts.length != 2) {
      throw new IllegalArgumentException("--param=" + text + ": expected KEY=VALUE");
    }
    return FlowParameter.newBuilder().setKey(parts[0]).setValue(parts[1]).build();
  }
}
