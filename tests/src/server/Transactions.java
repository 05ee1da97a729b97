import java.util.Properties;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;

/** Writes three transactions to the first partition of a topic: "kept-0-N", "gone-1-N", which is taken back, and "kept-2-N". */
public class Transactions {
    public static void main(String[] arguments) {
        Properties settings = new Properties();
        settings.put("bootstrap.servers", arguments[0]);
        settings.put("transactional.id", arguments[1]);
        settings.put("key.serializer", StringSerializer.class.getName());
        settings.put("value.serializer", StringSerializer.class.getName());
        try (KafkaProducer<String, String> producer = new KafkaProducer<>(settings)) {
            producer.initTransactions();
            for (int transaction = 0; transaction < 3; transaction++) {
                boolean isKept = transaction != 1;
                producer.beginTransaction();
                for (int record = 0; record < 5; record++) {
                    String value = (isKept ? "kept-" : "gone-") + transaction + "-" + record;
                    producer.send(new ProducerRecord<>(arguments[1], 0, null, value));
                }
                producer.flush();
                if (isKept) {
                    producer.commitTransaction();
                } else {
                    producer.abortTransaction();
                }
            }
        }
    }
}
