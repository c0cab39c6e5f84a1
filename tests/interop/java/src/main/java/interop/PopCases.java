package interop;

import interop.Case.Mark;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.MessageSelector;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.ConsumeOrderlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.consumer.listener.MessageListenerOrderly;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.common.TopicConfig;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;
import org.apache.rocketmq.tools.admin.DefaultMQAdminExt;

/**
 * Push consumers in pop mode, which an administrator sets and the broker assigns. Only 5.x clients
 * have it, so what is theirs alone is called by name.
 */
final class PopCases {
    private static final int QUEUES = 4;
    private static final int INVISIBLE_MS = 6000;

    private PopCases() {
    }

    static void addTo(Case.Catalogue cases) {
        if (!clientHasPop()) {
            return;
        }
        cases.add("pop_killed_consumer", PopCases::killedConsumer, Mark.SLOW);
        cases.add("pop_retry", PopCases::retry, Mark.SLOW);
        cases.add("pop_share", PopCases::share);
        cases.add("pop_some_queues", PopCases::someQueues, Mark.SLOW);
        cases.add("pop_orderly", PopCases::orderly);
        cases.add("pop_long_poll", PopCases::longPoll);
        cases.add("pop_tags", PopCases::tags);
        cases.add("pop_sql", PopCases::sql);
        cases.add("pop_sql_orderly", PopCases::sqlOrderly);
        cases.add("pop_progress", PopCases::progress, Mark.OURS);
        cases.add("pop_then_pull", PopCases::popThenPull, Mark.SLOW);
    }

    private static boolean clientHasPop() {
        for (Method method : DefaultMQPushConsumer.class.getMethods()) {
            if (method.getName().equals("setPopInvisibleTime")) {
                return true;
            }
        }
        return false;
    }

    /** Calls a method that 4.9 does not have; enums are given by their name. */
    @SuppressWarnings({"unchecked", "rawtypes"})
    private static void call(Object target, String name, Object... values) throws Exception {
        for (Method method : target.getClass().getMethods()) {
            Class<?>[] types = method.getParameterTypes();
            if (!method.getName().equals(name) || types.length != values.length) {
                continue;
            }
            Object[] given = values.clone();
            for (int i = 0; i < given.length; i++) {
                if (types[i].isEnum()) {
                    given[i] = Enum.valueOf((Class) types[i], (String) given[i]);
                }
            }
            method.invoke(target, given);
            return;
        }
        throw new IllegalStateException("no method " + name);
    }

    /** Creates the topic and has the group pop it. */
    private static void popMode(World world, String mode, int share) throws Exception {
        DefaultMQAdminExt admin = new DefaultMQAdminExt();
        admin.setNamesrvAddr(world.namesrv);
        admin.setInstanceName(World.instance());
        admin.start();
        try {
            String broker = admin.examineBrokerClusterInfo().getBrokerAddrTable().values().iterator().next()
                .getBrokerAddrs().get(0L);
            TopicConfig config = new TopicConfig(world.topic);
            config.setReadQueueNums(QUEUES);
            config.setWriteQueueNums(QUEUES);
            admin.createAndUpdateTopicConfig(broker, config);
            call(admin, "setMessageRequestMode", broker, world.topic, world.group, mode, share, 5000L);
        } finally {
            admin.shutdown();
        }
    }

    private static DefaultMQPushConsumer popper(World world) throws Exception {
        DefaultMQPushConsumer consumer = world.consumer(world.group);
        call(consumer, "setClientRebalance", false);
        call(consumer, "setPopInvisibleTime", (long) INVISIBLE_MS);
        consumer.subscribe(world.topic, "*");
        return consumer;
    }

    private static MessageListenerConcurrently counting(Map<String, AtomicInteger> seen, AtomicInteger mine) {
        return (messages, context) -> {
            for (MessageExt message : messages) {
                mine.incrementAndGet();
                seen.computeIfAbsent(World.text(message), x -> new AtomicInteger()).incrementAndGet();
            }
            return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
        };
    }

    private static void once(Map<String, AtomicInteger> seen) {
        for (Map.Entry<String, AtomicInteger> entry : seen.entrySet()) {
            World.same(1, entry.getValue().get(), "deliveries of " + entry.getKey());
        }
    }

    /** Three consumers pop all queues; each message goes to one of them, and stays acknowledged. */
    private static void share(World world) throws Exception {
        popMode(world, "POP", 8);
        Map<String, AtomicInteger> seen = new ConcurrentHashMap<>();
        List<AtomicInteger> counts = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            AtomicInteger mine = new AtomicInteger();
            counts.add(mine);
            DefaultMQPushConsumer consumer = popper(world);
            consumer.registerMessageListener(counting(seen, mine));
            world.start(consumer);
        }
        Thread.sleep(3000);
        World.sendNumbered(world.producer(), world.topic, "A", "m", 300);
        World.await("300 messages", 40, () -> seen.size() >= 300);
        for (AtomicInteger count : counts) {
            World.check(count.get() > 0, "each consumer gets some: " + counts);
        }
        Thread.sleep(INVISIBLE_MS + 4000);
        World.same(300, seen.size(), "messages");
        once(seen);
    }

    /** With a small share number the broker gives out queues, and two consumers share each. */
    private static void someQueues(World world) throws Exception {
        popMode(world, "POP", 1);
        Map<String, AtomicInteger> seen = new ConcurrentHashMap<>();
        for (int i = 0; i < 3; i++) {
            DefaultMQPushConsumer consumer = popper(world);
            consumer.registerMessageListener(counting(seen, new AtomicInteger()));
            world.start(consumer);
        }
        Thread.sleep(5000);
        World.sendNumbered(world.producer(), world.topic, "A", "m", 120);
        World.await("120 messages", 40, () -> seen.size() >= 120);
        once(seen);
    }

    /** What a consumer took and never acknowledged comes to another one. */
    private static void killedConsumer(World world) throws Exception {
        popMode(world, "POP", 8);
        CountDownLatch end = new CountDownLatch(1);
        AtomicInteger held = new AtomicInteger();
        DefaultMQPushConsumer dead = popper(world);
        dead.registerMessageListener((MessageListenerConcurrently) (messages, context) -> {
            held.addAndGet(messages.size());
            try {
                end.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            return null;
        });
        dead.start();
        World.sendNumbered(world.producer(), world.topic, "A", "m", 60);
        World.await("some held", 30, () -> held.get() >= 20);
        dead.shutdown();
        Map<String, AtomicInteger> seen = new ConcurrentHashMap<>();
        List<Integer> tries = new ArrayList<>();
        DefaultMQPushConsumer heir = popper(world);
        heir.registerMessageListener((MessageListenerConcurrently) (messages, context) -> {
            for (MessageExt message : messages) {
                World.same(world.topic, message.getTopic(), "topic");
                synchronized (tries) {
                    tries.add(message.getReconsumeTimes());
                }
            }
            return counting(seen, new AtomicInteger()).consumeMessage(messages, context);
        });
        world.start(heir);
        World.await("all 60", 60, () -> seen.size() >= 60);
        end.countDown();
        World.check(tries.contains(1), "those that were held count a try: " + tries);
        once(seen);
    }

    /** A message that fails comes again after ten seconds, then it succeeds and is gone. */
    private static void retry(World world) throws Exception {
        popMode(world, "POP", 8);
        Map<String, List<Integer>> tries = new ConcurrentHashMap<>();
        Map<String, List<Long>> times = new ConcurrentHashMap<>();
        DefaultMQPushConsumer consumer = popper(world);
        consumer.registerMessageListener((MessageListenerConcurrently) (messages, context) -> {
            MessageExt message = messages.get(0);
            String body = World.text(message);
            tries.computeIfAbsent(body, x -> new ArrayList<>()).add(message.getReconsumeTimes());
            times.computeIfAbsent(body, x -> new ArrayList<>()).add(System.currentTimeMillis());
            boolean fails = body.endsWith("3") && message.getReconsumeTimes() == 0;
            return fails ? ConsumeConcurrentlyStatus.RECONSUME_LATER : ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
        });
        world.start(consumer);
        World.sendNumbered(world.producer(), world.topic, "A", "m", 10);
        World.await("the second try", 60, () -> tries.containsKey("m-3") && tries.get("m-3").size() >= 2);
        Thread.sleep(INVISIBLE_MS + 3000);
        World.same(10, tries.size(), "messages");
        World.same("[0, 1]", tries.get("m-3").toString(), "tries of m-3");
        World.same("[0]", tries.get("m-4").toString(), "tries of m-4");
        long waited = times.get("m-3").get(1) - times.get("m-3").get(0);
        World.check(waited >= 9500, "not before its time: " + waited + " ms");
    }

    /** In order: each queue's messages one after the other, also with two consumers. */
    private static void orderly(World world) throws Exception {
        popMode(world, "POP", 8);
        Map<Integer, List<Long>> seen = new ConcurrentHashMap<>();
        AtomicInteger count = new AtomicInteger();
        for (int i = 0; i < 2; i++) {
            DefaultMQPushConsumer consumer = popper(world);
            consumer.registerMessageListener((MessageListenerOrderly) (messages, context) -> {
                for (MessageExt message : messages) {
                    List<Long> queue = seen.computeIfAbsent(message.getQueueId(), x -> new ArrayList<>());
                    synchronized (queue) {
                        queue.add(message.getQueueOffset());
                    }
                    count.incrementAndGet();
                }
                return ConsumeOrderlyStatus.SUCCESS;
            });
            world.start(consumer);
        }
        DefaultMQProducer producer = world.producer();
        List<MessageQueue> queues = producer.fetchPublishMessageQueues(world.topic);
        for (int i = 0; i < 80; i++) {
            producer.send(new Message(world.topic, "A", World.text("m-" + i)), queues.get(i % QUEUES));
        }
        World.await("80 messages", 60, () -> count.get() >= 80);
        for (List<Long> queue : seen.values()) {
            for (int i = 0; i < queue.size(); i++) {
                World.same((long) i, queue.get(i), "offsets " + queue);
            }
        }
    }

    private static void longPoll(World world) throws Exception {
        popMode(world, "POP", 8);
        BlockingQueue<MessageExt> seen = World.inbox();
        DefaultMQPushConsumer consumer = popper(world);
        consumer.registerMessageListener(World.into(seen));
        world.start(consumer);
        DefaultMQProducer producer = world.producer();
        World.sendNumbered(producer, world.topic, "A", "first", 1);
        World.await("the first", 30, () -> seen.size() == 1);
        Thread.sleep(1000);
        for (int i = 0; i < 10; i++) {
            int before = seen.size();
            long sent = System.currentTimeMillis();
            producer.send(new Message(world.topic, "A", World.text("m-" + i)));
            World.await("message " + i, 10, () -> seen.size() > before);
            long took = System.currentTimeMillis() - sent;
            World.check(took < 1500, "woken on arrival, took " + took + " ms");
        }
    }

    private static void tags(World world) throws Exception {
        popMode(world, "POP", 8);
        DefaultMQProducer producer = world.producer();
        for (String tag : new String[] {"A", "B", "C"}) {
            World.sendNumbered(producer, world.topic, tag, tag, 20);
        }
        Map<String, AtomicInteger> seen = new ConcurrentHashMap<>();
        DefaultMQPushConsumer consumer = popper(world);
        consumer.subscribe(world.topic, "A || C");
        consumer.registerMessageListener(counting(seen, new AtomicInteger()));
        world.start(consumer);
        World.await("40 messages", 30, () -> seen.size() >= 40);
        Thread.sleep(1000);
        for (String body : seen.keySet()) {
            World.check(!body.startsWith("B"), "not asked for: " + body);
        }
        once(seen);
    }

    /** Sends 60 messages whose property `n` is their number, queue after queue. */
    private static void sendCounted(World world) throws Exception {
        DefaultMQProducer producer = world.producer();
        List<MessageQueue> queues = producer.fetchPublishMessageQueues(world.topic);
        for (int i = 0; i < 60; i++) {
            Message message = new Message(world.topic, "A", World.text("m-" + i));
            message.putUserProperty("n", Integer.toString(i));
            producer.send(message, queues.get(i % QUEUES));
        }
    }

    /** Messages that match an expression over properties, whether they were there or come later. */
    private static void sql(World world) throws Exception {
        popMode(world, "POP", 8);
        sendCounted(world);
        Map<String, AtomicInteger> seen = new ConcurrentHashMap<>();
        DefaultMQPushConsumer consumer = popper(world);
        consumer.subscribe(world.topic, MessageSelector.bySql("n >= 20 AND n < 50"));
        consumer.registerMessageListener(counting(seen, new AtomicInteger()));
        world.start(consumer);
        World.await("30 messages", 30, () -> seen.size() >= 30);
        sendCounted(world);
        World.await("30 more", 30, () -> seen.values().stream().allMatch(x -> x.get() == 2));
        Thread.sleep(INVISIBLE_MS + 2000);
        World.same(30, seen.size(), "messages");
        for (Map.Entry<String, AtomicInteger> entry : seen.entrySet()) {
            World.same(2, entry.getValue().get(), "deliveries of " + entry.getKey());
        }
    }

    /** The same in order: what does not match leaves no gap that holds up its queue. */
    private static void sqlOrderly(World world) throws Exception {
        popMode(world, "POP", 8);
        sendCounted(world);
        Map<Integer, List<Long>> seen = new ConcurrentHashMap<>();
        AtomicInteger count = new AtomicInteger();
        DefaultMQPushConsumer consumer = popper(world);
        consumer.subscribe(world.topic, MessageSelector.bySql("n >= 20 AND n < 50"));
        consumer.registerMessageListener((MessageListenerOrderly) (messages, context) -> {
            for (MessageExt message : messages) {
                List<Long> queue = seen.computeIfAbsent(message.getQueueId(), x -> new ArrayList<>());
                synchronized (queue) {
                    queue.add(message.getQueueOffset());
                }
                count.incrementAndGet();
            }
            return ConsumeOrderlyStatus.SUCCESS;
        });
        world.start(consumer);
        World.await("30 messages", 60, () -> count.get() >= 30);
        Thread.sleep(2000);
        World.same(30, count.get(), "deliveries");
        for (List<Long> queue : seen.values()) {
            for (int i = 1; i < queue.size(); i++) {
                World.same(queue.get(0) + i, queue.get(i), "offsets " + queue);
            }
        }
    }

    private static long behind(DefaultMQAdminExt admin, World world) throws Exception {
        return admin.examineConsumeStats(world.group).computeTotalDiff();
    }

    /** What `mqadmin consumerProgress` shows: what was popped is behind until it is acknowledged. */
    private static void progress(World world) throws Exception {
        popMode(world, "POP", 8);
        DefaultMQAdminExt admin = new DefaultMQAdminExt();
        admin.setNamesrvAddr(world.namesrv);
        admin.setInstanceName(World.instance());
        admin.start();
        world.atEnd(admin::shutdown);
        World.sendNumbered(world.producer(), world.topic, "A", "m", 40);
        CountDownLatch go = new CountDownLatch(1);
        Map<String, AtomicInteger> seen = new ConcurrentHashMap<>();
        AtomicInteger held = new AtomicInteger();
        DefaultMQPushConsumer consumer = popper(world);
        call(consumer, "setPopInvisibleTime", 60000L);
        MessageListenerConcurrently count = counting(seen, new AtomicInteger());
        consumer.registerMessageListener((MessageListenerConcurrently) (messages, context) -> {
            held.addAndGet(messages.size());
            try {
                go.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            return count.consumeMessage(messages, context);
        });
        world.start(consumer);
        World.await("some in flight", 40, () -> held.get() >= 10);
        World.same(40L, behind(admin, world), "messages behind while they are in flight");
        go.countDown();
        World.await("40 messages", 40, () -> seen.size() >= 40);
        World.await("nothing behind", 30, () -> {
            try {
                return behind(admin, world) == 0;
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        });
        once(seen);
    }

    /** A group that popped goes on by pulling where it was. */
    private static void popThenPull(World world) throws Exception {
        popMode(world, "POP", 8);
        DefaultMQProducer producer = world.producer();
        Map<String, AtomicInteger> seen = new ConcurrentHashMap<>();
        DefaultMQPushConsumer popping = popper(world);
        popping.registerMessageListener(counting(seen, new AtomicInteger()));
        popping.start();
        World.sendNumbered(producer, world.topic, "A", "popped", 40);
        World.await("40 popped", 30, () -> seen.size() >= 40);
        Thread.sleep(2000);
        popping.shutdown();
        popMode(world, "PULL", 0);
        World.sendNumbered(producer, world.topic, "A", "pulled", 40);
        DefaultMQPushConsumer pulling = popper(world);
        pulling.registerMessageListener(counting(seen, new AtomicInteger()));
        world.start(pulling);
        World.await("40 pulled", 30, () -> seen.size() >= 80);
        Thread.sleep(1000);
        once(seen);
    }
}
