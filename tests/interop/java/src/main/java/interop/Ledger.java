package interop;

import java.util.concurrent.atomic.AtomicLong;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.client.producer.SendStatus;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;

/** For the kill test: prints what was acknowledged and what was delivered, a body a line. */
final class Ledger {
    private static final int FIRST_MESSAGE_MS_MAX = 20000;
    private static final int MS_MAX = 300000;

    private Ledger() {
    }

    /** Sends `prefix-0`, `prefix-1` ... for `seconds`; a send that fails is not repeated. */
    static void send(String namesrv, String topic, String prefix, int seconds) throws Exception {
        DefaultMQProducer producer = new DefaultMQProducer("P_" + topic);
        producer.setNamesrvAddr(namesrv);
        producer.setInstanceName(World.instance());
        producer.setSendMsgTimeout(1500);
        producer.setRetryTimesWhenSendFailed(0);
        producer.start();
        long end = System.currentTimeMillis() + seconds * 1000L;
        for (long i = 0; System.currentTimeMillis() < end; i++) {
            String body = prefix + "-" + i;
            try {
                SendResult result = producer.send(new Message(topic, "A", World.text(body)));
                if (result.getSendStatus() == SendStatus.SEND_OK) {
                    System.out.println("ACK " + body);
                }
            } catch (Exception e) {
                Thread.sleep(50);
            }
        }
        System.out.println("END");
        System.out.flush();
        producer.shutdown();
    }

    /**
     * Consumes until nothing has come for `quietSeconds`. A pull that waited at a broker when it was
     * killed is noticed by the client after 30 s only.
     */
    static void consume(String namesrv, String topic, int quietSeconds) throws Exception {
        AtomicLong quietAt = new AtomicLong(System.currentTimeMillis() + FIRST_MESSAGE_MS_MAX);
        DefaultMQPushConsumer consumer = new World(namesrv, "ledger").consumer("G_" + topic);
        // A broker that was killed serves a group again once it has heard its heartbeat.
        consumer.setHeartbeatBrokerInterval(1000);
        consumer.subscribe(topic, "*");
        consumer.registerMessageListener((MessageListenerConcurrently) (messages, context) -> {
            StringBuilder lines = new StringBuilder();
            for (MessageExt message : messages) {
                lines.append("GOT ").append(World.text(message)).append('\n');
            }
            System.out.print(lines);
            quietAt.set(System.currentTimeMillis() + quietSeconds * 1000L);
            return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
        });
        consumer.start();
        long end = System.currentTimeMillis() + MS_MAX;
        while (System.currentTimeMillis() < Math.min(end, quietAt.get())) {
            Thread.sleep(100);
        }
        consumer.shutdown();
        System.out.println("END");
        System.out.flush();
    }
}
