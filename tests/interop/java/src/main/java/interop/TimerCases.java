package interop;

import interop.Case.Mark;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.exception.MQBrokerException;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageAccessor;
import org.apache.rocketmq.common.message.MessageExt;

/** Messages with a moment of their own, and their recall. Properties: a 4.9 client has no methods. */
final class TimerCases {
    /** Apache's timers tick once a second, and its wheel may be one tick early. */
    private static final long EARLY_MAX_MS = 1000;
    private static final long LATE_MAX_MS = 6000;

    private TimerCases() {
    }

    static void addTo(Case.Catalogue cases) {
        cases.add("timer_moments", TimerCases::moments, Mark.BINARY);
        cases.add("timer_refused", TimerCases::refused);
        if (recall() != null) {
            cases.add("timer_recall", TimerCases::recalled);
        }
    }

    /** Since 5.3.2. */
    private static Method recall() {
        for (Method method : DefaultMQProducer.class.getMethods()) {
            if (method.getName().equals("recallMessage")) {
                return method;
            }
        }
        return null;
    }

    private static Message timed(World world, String body, String property, long value) {
        Message message = new Message(world.topic, "A", World.text(body));
        MessageAccessor.putProperty(message, property, String.valueOf(value));
        return message;
    }

    private static void moments(World world) throws Exception {
        Map<String, Long> arrived = new ConcurrentHashMap<>();
        DefaultMQPushConsumer consumer = world.consumer(world.group);
        consumer.subscribe(world.topic, "*");
        consumer.registerMessageListener((MessageListenerConcurrently) (messages, context) -> {
            for (MessageExt message : messages) {
                arrived.merge(World.text(message), System.currentTimeMillis(), (a, b) -> -1L);
            }
            return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
        });
        DefaultMQProducer producer = world.producer();
        World.sendNumbered(producer, world.topic, "A", "warm", 1);
        world.start(consumer);
        World.await("the first message", 60, () -> arrived.containsKey("warm-0"));
        long now = System.currentTimeMillis();
        Map<String, Long> due = new ConcurrentHashMap<>();
        producer.send(timed(world, "past", "TIMER_DELIVER_MS", now - 1000));
        due.put("past", now);
        producer.send(timed(world, "deliver", "TIMER_DELIVER_MS", now + 6000));
        due.put("deliver", now + 6000);
        producer.send(timed(world, "seconds", "TIMER_DELAY_SEC", 4));
        due.put("seconds", now + 4000);
        producer.send(timed(world, "milliseconds", "TIMER_DELAY_MS", 5000));
        due.put("milliseconds", now + 5000);
        World.await("all four", 40, () -> arrived.keySet().containsAll(due.keySet()));
        Thread.sleep(1000);
        for (Map.Entry<String, Long> one : due.entrySet()) {
            long late = arrived.get(one.getKey()) - one.getValue();
            World.check(late >= -EARLY_MAX_MS && late <= LATE_MAX_MS,
                one.getKey() + " came twice, or " + late + " ms after its moment");
        }
    }

    private static void refused(World world) throws Exception {
        DefaultMQProducer producer = world.producer();
        World.sendNumbered(producer, world.topic, "A", "warm", 1);
        long fourDays = System.currentTimeMillis() + 4L * 24 * 3600 * 1000;
        try {
            producer.send(timed(world, "far", "TIMER_DELIVER_MS", fourDays));
        } catch (MQBrokerException e) {
            World.same(13, e.getResponseCode(), "code");
            return;
        }
        throw new IllegalStateException("a timer of four days is accepted");
    }

    private static void recalled(World world) throws Exception {
        Method handleOf = SendResult.class.getMethod("getRecallHandle");
        DefaultMQProducer producer = world.producer();
        BlockingQueue<MessageExt> seen = World.inbox();
        DefaultMQPushConsumer consumer = world.consumer(world.group);
        consumer.subscribe(world.topic, "*");
        consumer.registerMessageListener(World.into(seen));
        World.sendNumbered(producer, world.topic, "A", "stay", 1);
        world.start(consumer);
        List<SendResult> sent = new ArrayList<>();
        for (int i = 1; i <= 4; i++) {
            sent.add(producer.send(timed(world, (i <= 2 ? "gone-" : "stay-") + (i <= 2 ? i : i - 2),
                "TIMER_DELAY_MS", 10_000)));
        }
        for (int i = 0; i < 2; i++) {
            Object id = recall().invoke(producer, world.topic, handleOf.invoke(sent.get(i)));
            World.same(sent.get(i).getMsgId(), id, "id of the recalled message");
        }
        TreeSet<String> wanted = World.numbered("stay", 3);
        World.await("those that stay", 40, () -> World.bodies(seen).containsAll(wanted));
        Thread.sleep(2500);
        World.same(wanted, World.bodies(seen), "what was delivered");
        try {
            recall().invoke(producer, world.topic, handleOf.invoke(sent.get(3)));
        } catch (java.lang.reflect.InvocationTargetException e) {
            World.check(e.getCause() instanceof MQBrokerException, "wrong exception " + e.getCause());
            World.same(604, ((MQBrokerException) e.getCause()).getResponseCode(), "code");
            return;
        }
        throw new IllegalStateException("a delivered message is recalled");
    }
}
