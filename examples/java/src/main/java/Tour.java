import java.nio.charset.StandardCharsets;
import java.util.concurrent.CountDownLatch;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.common.message.Message;

/** Sends ten messages and consumes them: the official client, as it is. */
public final class Tour {
    private static final int COUNT = 10;

    public static void main(String[] args) throws Exception {
        String nameServer = args.length > 0 ? args[0] : "127.0.0.1:9876";
        DefaultMQProducer producer = new DefaultMQProducer("tour-producer");
        producer.setNamesrvAddr(nameServer);
        producer.start();
        for (int i = 0; i < COUNT; i++) {
            byte[] body = ("hello " + i).getBytes(StandardCharsets.UTF_8);
            System.out.println("sent " + producer.send(new Message("tour", "greeting", "key-" + i, body)));
        }
        CountDownLatch left = new CountDownLatch(COUNT);
        DefaultMQPushConsumer consumer = new DefaultMQPushConsumer("tour-consumer");
        consumer.setNamesrvAddr(nameServer);
        consumer.subscribe("tour", "greeting");
        consumer.registerMessageListener((MessageListenerConcurrently) (messages, context) -> {
            messages.forEach(message -> {
                System.out.println("got " + new String(message.getBody(), StandardCharsets.UTF_8));
                left.countDown();
            });
            return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
        });
        consumer.start();
        left.await();
        consumer.shutdown();
        producer.shutdown();
    }
}
