import com.google.protobuf.TextFormat;
import com.vidocu.usher.token.v1.IntrospectTokenRequest;
import com.vidocu.usher.token.v1.IntrospectionServiceGrpc;
import io.grpc.Grpc;
import io.grpc.StatusRuntimeException;
import io.grpc.TlsChannelCredentials;
import java.io.File;

/** Prints the output that docs/grpc.md quotes: of messages, and of the error of a compressed call. */
public class MessageOutput {
  public static void main(String[] args) throws Exception {
    var env = System.getenv();
    var credentials = TlsChannelCredentials.newBuilder()
        .trustManager(new File(env.get("CA")))
        .keyManager(new File(env.get("CERT")), new File(env.get("KEY")))
        .build();
    var request = IntrospectTokenRequest.newBuilder().setToken("vdo_oat_shown").build();
    System.out.print(request);
    System.out.println(TextFormat.debugFormatPrinter().printToString(request));
    var channel = Grpc.newChannelBuilder(env.get("ADDRESS"), credentials).build();
    try {
      IntrospectionServiceGrpc.newBlockingStub(channel).withCompression("gzip").introspectToken(request);
      System.out.println("compressed");
    } catch (StatusRuntimeException e) {
      System.out.println(e.getStatus().getCode() + ": " + e.getStatus().getDescription());
    } finally {
      channel.shutdownNow();
    }
  }
}
