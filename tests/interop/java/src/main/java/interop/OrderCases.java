package interop;

import interop.Case.Mark;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeOrderlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerOrderly;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.selector.SelectMessageQueueByHash;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;
import org.apache.rocketmq.tools.admin.DefaultMQAdminExt;

/** Ordered consumption while members come, go and are killed; order topics; message groups. */
final class OrderCases {
    private static final int QUEUES = 4;

    private OrderCases() {
    }

    static void addTo(Case.Catalogue cases) {
        cases.add("order_killed", OrderCases::killed, Mark.SLOW);
        cases.add("order_rebalance", OrderCases::rebalance, Mark.SLOW);
        cases.add("order_retry_in_place", OrderCases::retryInPlace);
        cases.add("order_message_groups", OrderCases::messageGroups);
        cases.add("order_topic", OrderCases::orderTopic);
    }

    /**
     * What was delivered, queue by queue. A member that takes a queue over begins where its
     * predecessor had committed: earlier ones may come again, but whatever is new comes next in
     * line. (Two that are swapped are one that is skipped.)
     */
    private static final class Sequence {
        private final Map<String, Integer> furthest = new HashMap<>();
        private final List<String> faults = new ArrayList<>();
        private int reached;

        /** @param text `sequence:number`, numbers from 0 */
        synchronized void took(String member, String text) {
            String name = text.substring(0, text.indexOf(':'));
            int number = Integer.parseInt(text.substring(text.indexOf(':') + 1));
            int far = furthest.getOrDefault(name, -1);
            if (number > far + 1) {
                faults.add(member + " skipped to " + text + " after " + far);
            }
            if (number > far) {
                reached += number - far;
                furthest.put(name, number);
            }
        }

        synchronized int reached() {
            return reached;
        }

        synchronized void check() {
            World.check(faults.isEmpty(), faults.size() + " faults, first: "
                + (faults.isEmpty() ? "" : faults.get(0)));
        }
    }

    /** Sends `queue:number` to each queue in turn until `rounds` are done, a round each `pauseMs`. */
    private static Thread sendRounds(World world, int rounds, int pauseMs, AtomicBoolean failed) throws Exception {
        DefaultMQProducer producer = world.producer();
        Thread thread = new Thread(() -> {
            try {
                for (int i = 0; i < rounds; i++) {
                    for (int q = 0; q < QUEUES; q++) {
                        producer.send(new Message(world.topic, "A", World.text(q + ":" + i)),
                            (queues, message, argument) -> queues.get((Integer) argument), q);
                    }
                    Thread.sleep(pauseMs);
                }
            } catch (Exception e) {
                e.printStackTrace();
                failed.set(true);
            }
        });
        thread.start();
        return thread;
    }

    private static DefaultMQPushConsumer member(World world, String name, Sequence sequence) throws Exception {
        DefaultMQPushConsumer consumer = world.consumer(world.group);
        consumer.setPullInterval(0);
        consumer.subscribe(world.topic, "*");
        consumer.registerMessageListener((MessageListenerOrderly) (messages, context) -> {
            for (MessageExt message : messages) {
                sequence.took(name, World.text(message));
            }
            return ConsumeOrderlyStatus.SUCCESS;
        });
        consumer.start();
        return consumer;
    }

    private static void rebalance(World world) throws Exception {
        Sequence sequence = new Sequence();
        AtomicBoolean failed = new AtomicBoolean();
        int rounds = 600;
        Thread sender = sendRounds(world, rounds, 50, failed);
        List<DefaultMQPushConsumer> members = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            members.add(member(world, "first-" + i, sequence));
            Thread.sleep(4000);
        }
        for (int i = 0; i < 2; i++) {
            members.remove(0).shutdown();
            Thread.sleep(3000);
            DefaultMQPushConsumer fresh = member(world, "second-" + i, sequence);
            members.add(fresh);
            Thread.sleep(3000);
        }
        for (DefaultMQPushConsumer member : members) {
            world.atEnd(member::shutdown);
        }
        sender.join();
        World.check(!failed.get(), "a send failed");
        World.await(rounds * QUEUES + " messages, " + sequence.reached() + " so far", 60,
            () -> sequence.reached() >= rounds * QUEUES);
        sequence.check();
    }

    /** One member is a process of its own and is killed while it holds queues. */
    private static void killed(World world) throws Exception {
        Sequence sequence = new Sequence();
        AtomicBoolean failed = new AtomicBoolean();
        DefaultMQProducer warm = world.producer();
        World.sendNumbered(warm, world.topic, "A", "warm", 0);
        int rounds = 150;
        Thread sender = sendRounds(world, rounds, 100, failed);
        AtomicInteger taken = new AtomicInteger();
        Process victim = startMember(world);
        Thread reader = new Thread(() -> {
            try (BufferedReader lines = new BufferedReader(new InputStreamReader(victim.getInputStream()))) {
                for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                    if (line.startsWith("GOT ")) {
                        sequence.took("victim", line.substring(4));
                        taken.incrementAndGet();
                    }
                }
            } catch (java.io.IOException e) {
                // It was killed.
            }
        });
        reader.start();
        World.await("the victim to consume", 60, () -> taken.get() > 20);
        DefaultMQPushConsumer survivor = member(world, "survivor", sequence);
        world.atEnd(survivor::shutdown);
        Thread.sleep(3000);
        victim.destroyForcibly().waitFor();
        reader.join();
        sender.join();
        World.check(!failed.get(), "a send failed");
        // Its locks end after 60 s.
        World.await(rounds * QUEUES + " messages", 85, () -> sequence.reached() >= rounds * QUEUES);
        sequence.check();
    }

    private static Process startMember(World world) throws Exception {
        List<String> command = new ArrayList<>();
        command.add(System.getProperty("java.home") + "/bin/java");
        command.add("-Xmx128m");
        for (String name : new String[] {"user.home", "rocketmq.serialize.type",
            "com.rocketmq.sendMessageWithVIPChannel"}) {
            if (System.getProperty(name) != null) {
                command.add("-D" + name + "=" + System.getProperty(name));
            }
        }
        command.add("-cp");
        command.add(System.getProperty("java.class.path"));
        command.add("interop.OrderCases$Member");
        command.add(world.namesrv);
        command.add(world.topic);
        command.add(world.group);
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.redirectError(ProcessBuilder.Redirect.INHERIT);
        Process process = builder.start();
        world.atEnd(process::destroyForcibly);
        return process;
    }

    /** A member in a process of its own; prints what it takes before it says so to the client. */
    static final class Member {
        private Member() {
        }

        public static void main(String[] args) throws Exception {
            DefaultMQPushConsumer consumer = new World(args[0], "member").consumer(args[2]);
            // Two processes may count their instances alike.
            consumer.setInstanceName("member" + System.nanoTime());
            consumer.subscribe(args[1], "*");
            consumer.registerMessageListener((MessageListenerOrderly) (messages, context) -> {
                for (MessageExt message : messages) {
                    System.out.println("GOT " + World.text(message));
                    System.out.flush();
                }
                return ConsumeOrderlyStatus.SUCCESS;
            });
            consumer.start();
            Thread.sleep(300000);
            System.exit(0);
        }
    }

    /** A message that fails is tried again in its place; the ones behind it wait. */
    private static void retryInPlace(World world) throws Exception {
        DefaultMQProducer producer = world.producer();
        for (int i = 0; i < 10; i++) {
            producer.send(new Message(world.topic, "A", World.text("0:" + i)),
                (queues, message, argument) -> queues.get(0), null);
        }
        List<String> taken = new ArrayList<>();
        AtomicInteger tries = new AtomicInteger();
        DefaultMQPushConsumer consumer = world.consumer(world.group);
        consumer.subscribe(world.topic, "*");
        consumer.setSuspendCurrentQueueTimeMillis(200);
        consumer.registerMessageListener((MessageListenerOrderly) (messages, context) -> {
            for (MessageExt message : messages) {
                if (World.text(message).equals("0:4") && tries.incrementAndGet() < 3) {
                    return ConsumeOrderlyStatus.SUSPEND_CURRENT_QUEUE_A_MOMENT;
                }
                synchronized (taken) {
                    taken.add(World.text(message));
                }
            }
            return ConsumeOrderlyStatus.SUCCESS;
        });
        world.start(consumer);
        World.await("ten messages", 40, () -> {
            synchronized (taken) {
                return taken.size() >= 10;
            }
        });
        List<String> wanted = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            wanted.add("0:" + i);
        }
        World.same(wanted, taken, "order");
        World.same(3, tries.get(), "tries");
    }

    /** Messages of one group (here: an order id) go to one queue and come in their order. */
    private static void messageGroups(World world) throws Exception {
        DefaultMQProducer producer = world.producer();
        Map<String, Set<Integer>> queues = new ConcurrentHashMap<>();
        int orders = 12;
        int steps = 15;
        for (int i = 0; i < steps; i++) {
            for (int order = 0; order < orders; order++) {
                String name = "order" + order;
                int queue = producer.send(new Message(world.topic, "A", World.text(name + ":" + i)),
                    new SelectMessageQueueByHash(), name).getMessageQueue().getQueueId();
                queues.computeIfAbsent(name, x -> new HashSet<>()).add(queue);
            }
        }
        for (Map.Entry<String, Set<Integer>> entry : queues.entrySet()) {
            World.same(1, entry.getValue().size(), "queues of " + entry.getKey());
        }
        Sequence sequence = new Sequence();
        for (int i = 0; i < 2; i++) {
            DefaultMQPushConsumer consumer = member(world, "m" + i, sequence);
            world.atEnd(consumer::shutdown);
        }
        World.await("all steps", 60, () -> sequence.reached() >= orders * steps);
        sequence.check();
    }

    /** The queues of an order topic are those that its setting names, whatever the brokers say. */
    private static void orderTopic(World world) throws Exception {
        DefaultMQProducer first = world.producer();
        World.sendNumbered(first, world.topic, "A", "warm", 1);
        World.same(QUEUES, first.fetchPublishMessageQueues(world.topic).size(), "queues at first");
        DefaultMQAdminExt admin = new DefaultMQAdminExt();
        admin.setNamesrvAddr(world.namesrv);
        admin.setInstanceName(World.instance());
        admin.start();
        world.atEnd(admin::shutdown);
        String broker = first.fetchPublishMessageQueues(world.topic).get(0).getBrokerName();
        admin.createOrUpdateOrderConf(world.topic, broker + ":2", true);
        World.same(broker + ":2", admin.getKVConfig("ORDER_TOPIC_CONFIG", world.topic), "the setting");
        // Topics that are marked as ordered get it with their route.
        org.apache.rocketmq.common.TopicConfig config = new org.apache.rocketmq.common.TopicConfig(world.topic);
        config.setReadQueueNums(QUEUES);
        config.setWriteQueueNums(QUEUES);
        config.setOrder(true);
        admin.createAndUpdateTopicConfig(admin.examineBrokerClusterInfo().getBrokerAddrTable().values().iterator()
            .next().getBrokerAddrs().get(0L), config);
        World.await("the route to name it", 20, () -> {
            try {
                return (broker + ":2").equals(admin.examineTopicRouteInfo(world.topic).getOrderTopicConf());
            } catch (Exception e) {
                return false;
            }
        });
        DefaultMQProducer producer = world.producer();
        List<MessageQueue> queues = producer.fetchPublishMessageQueues(world.topic);
        World.same(2, queues.size(), "queues of an order topic");
        for (int i = 0; i < 10; i++) {
            int queue = producer.send(new Message(world.topic, "A", World.text("m-" + i))).getMessageQueue()
                .getQueueId();
            World.check(queue < 2, "sent to queue " + queue);
        }
    }
}
