package interop;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;

/** What a case works with: unique names, clients that end with it, waits that are bounded. */
final class World {
    private static final AtomicInteger INSTANCES = new AtomicInteger();
    private static final String RUN = Long.toString(System.currentTimeMillis() % 100000000L, 36);

    final String namesrv;
    final String topic;
    final String group;
    private final List<Runnable> closers = new ArrayList<>();

    World(String namesrv, String name) {
        this.namesrv = namesrv;
        this.topic = "T_" + name + "_" + RUN;
        this.group = "G_" + name + "_" + RUN;
    }

    static String instance() {
        return "i" + INSTANCES.incrementAndGet() + "_" + RUN;
    }

    void atEnd(Runnable closer) {
        synchronized (closers) {
            closers.add(0, closer);
        }
    }

    void close() {
        List<Runnable> all;
        synchronized (closers) {
            all = new ArrayList<>(closers);
        }
        for (Runnable closer : all) {
            try {
                closer.run();
            } catch (RuntimeException e) {
                e.printStackTrace();
            }
        }
    }

    DefaultMQProducer producer() throws Exception {
        return producer("P_" + group);
    }

    DefaultMQProducer producer(String producerGroup) throws Exception {
        DefaultMQProducer producer = new DefaultMQProducer(producerGroup);
        producer.setNamesrvAddr(namesrv);
        producer.setInstanceName(instance());
        producer.setSendMsgTimeout(6000);
        producer.start();
        atEnd(producer::shutdown);
        return producer;
    }

    /** Sends `count` messages with bodies `prefix-0` ... and waits for each acknowledgement. */
    static void sendNumbered(DefaultMQProducer producer, String topic, String tag, String prefix,
        int count) throws Exception {
        for (int i = 0; i < count; i++) {
            producer.send(new Message(topic, tag, text(prefix + "-" + i)));
        }
    }

    /** A push consumer that is not started yet and reads from the start of the topic. */
    DefaultMQPushConsumer consumer(String group) {
        DefaultMQPushConsumer consumer = new DefaultMQPushConsumer(group);
        consumer.setNamesrvAddr(namesrv);
        consumer.setInstanceName(instance());
        consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
        // A 5.x client raises its subscription's version when it rebalances and tells the broker by
        // a heartbeat that it leaves out when another one is under way (a race one second after the
        // start). Every broker refuses its pulls then until the next one: let that be soon.
        consumer.setHeartbeatBrokerInterval(4000);
        return consumer;
    }

    void start(DefaultMQPushConsumer consumer) throws Exception {
        consumer.start();
        atEnd(consumer::shutdown);
    }

    static MessageListenerConcurrently into(Collection<MessageExt> seen) {
        return (messages, context) -> {
            seen.addAll(messages);
            return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
        };
    }

    /** MessageModel lives in another package in 4.9 than in 5.x. */
    @SuppressWarnings({"unchecked", "rawtypes"})
    static void broadcasting(DefaultMQPushConsumer consumer) throws Exception {
        for (java.lang.reflect.Method method : DefaultMQPushConsumer.class.getMethods()) {
            if (method.getName().equals("setMessageModel")) {
                Class model = method.getParameterTypes()[0];
                method.invoke(consumer, Enum.valueOf(model, "BROADCASTING"));
            }
        }
    }

    static BlockingQueue<MessageExt> inbox() {
        return new LinkedBlockingQueue<>();
    }

    static byte[] text(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static String text(MessageExt message) {
        return new String(message.getBody(), StandardCharsets.UTF_8);
    }

    static TreeSet<String> bodies(Collection<MessageExt> messages) {
        TreeSet<String> bodies = new TreeSet<>();
        for (MessageExt message : messages) {
            bodies.add(text(message));
        }
        return bodies;
    }

    static TreeSet<String> numbered(String prefix, int count) {
        TreeSet<String> bodies = new TreeSet<>();
        for (int i = 0; i < count; i++) {
            bodies.add(prefix + "-" + i);
        }
        return bodies;
    }

    static void check(boolean holds, String otherwise) {
        if (!holds) {
            throw new IllegalStateException(otherwise);
        }
    }

    static void same(Object wanted, Object got, String what) {
        if (!wanted.equals(got)) {
            throw new IllegalStateException(what + ": wanted " + wanted + " got " + got);
        }
    }

    static void await(String what, int seconds, BooleanSupplier holds) throws InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        while (!holds.getAsBoolean()) {
            check(System.nanoTime() < end, "waited " + seconds + " s for: " + what);
            Thread.sleep(50);
        }
    }
}
