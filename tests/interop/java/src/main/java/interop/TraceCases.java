package interop;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.BlockingQueue;
import org.apache.rocketmq.client.QueryResult;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.rebalance.AllocateMessageQueueAveragely;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageBatch;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.remoting.RPCHook;
import org.apache.rocketmq.tools.admin.DefaultMQAdminExt;

/** Message traces, and finding messages again by key, unique key and time. */
final class TraceCases {
    private static final String TRACE_TOPIC = "RMQ_SYS_TRACE_TOPIC";

    private TraceCases() {
    }

    static void addTo(Case.Catalogue cases) {
        cases.add("trace_send_and_consume", TraceCases::sendAndConsume);
        cases.add("query_by_time_window", TraceCases::timeWindow);
        cases.add("query_by_unique_key", TraceCases::uniqueKey);
        cases.add("send_batch_properties", TraceCases::batchProperties);
    }

    private static DefaultMQAdminExt admin(World world) throws Exception {
        DefaultMQAdminExt admin = new DefaultMQAdminExt();
        admin.setNamesrvAddr(world.namesrv);
        admin.setInstanceName(World.instance());
        admin.start();
        world.atEnd(admin::shutdown);
        return admin;
    }

    private static List<MessageExt> find(DefaultMQAdminExt admin, String topic, String key, long begin, long end) {
        try {
            QueryResult found = admin.queryMessage(topic, key, 64, begin, end);
            return found.getMessageList();
        } catch (Exception e) {
            return new ArrayList<>(); // nothing there (yet)
        }
    }

    /** Each step of a message is found under its id and its keys. */
    private static void sendAndConsume(World world) throws Exception {
        DefaultMQProducer producer = new DefaultMQProducer("P_" + world.group, (RPCHook) null, true, null);
        producer.setNamesrvAddr(world.namesrv);
        producer.setInstanceName(World.instance());
        producer.start();
        world.atEnd(producer::shutdown);
        BlockingQueue<MessageExt> seen = World.inbox();
        DefaultMQPushConsumer consumer = new DefaultMQPushConsumer(world.group, (RPCHook) null,
            new AllocateMessageQueueAveragely(), true, null);
        consumer.setNamesrvAddr(world.namesrv);
        consumer.setInstanceName(World.instance());
        consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
        consumer.setHeartbeatBrokerInterval(4000);
        consumer.subscribe(world.topic, "*");
        consumer.registerMessageListener(World.into(seen));
        long begin = System.currentTimeMillis() - 60000;
        SendResult sent = producer.send(new Message(world.topic, "A", "traced-" + world.topic, World.text("m")));
        world.start(consumer);
        World.await("the message", 40, () -> seen.size() == 1);
        DefaultMQAdminExt admin = admin(world);
        for (String key : new String[] {sent.getMsgId(), "traced-" + world.topic}) {
            World.await("all steps under " + key, 40, () -> {
                TreeSet<String> steps = new TreeSet<>();
                for (MessageExt trace : find(admin, TRACE_TOPIC, key, begin, System.currentTimeMillis() + 60000)) {
                    for (String record : new String(trace.getBody(), StandardCharsets.UTF_8).split("\u0002")) {
                        if (record.contains(sent.getMsgId())) {
                            steps.add(record.substring(0, record.indexOf('\u0001')));
                        }
                    }
                }
                return steps.contains("Pub") && steps.contains("SubBefore") && steps.contains("SubAfter");
            });
        }
    }

    private static void timeWindow(World world) throws Exception {
        DefaultMQProducer producer = world.producer();
        DefaultMQAdminExt admin = admin(world);
        String key = "key-" + world.topic;
        for (int i = 0; i < 5; i++) {
            producer.send(new Message(world.topic, "A", key, World.text("old-" + i)));
        }
        Thread.sleep(2500);
        long cut = System.currentTimeMillis();
        Thread.sleep(2500);
        for (int i = 0; i < 4; i++) {
            producer.send(new Message(world.topic, "A", key, World.text("new-" + i)));
        }
        World.await("all of the key", 20,
            () -> find(admin, world.topic, key, cut - 60000, cut + 60000).size() == 9);
        World.same(World.numbered("old", 5), World.bodies(find(admin, world.topic, key, cut - 60000, cut)),
            "before the cut");
        World.same(World.numbered("new", 4), World.bodies(find(admin, world.topic, key, cut, cut + 60000)),
            "after the cut");
        World.same(0, find(admin, world.topic, "no-such-key", cut - 60000, cut + 60000).size(), "of another key");
    }

    private static void uniqueKey(World world) throws Exception {
        DefaultMQProducer producer = world.producer();
        DefaultMQAdminExt admin = admin(world);
        List<SendResult> sent = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            sent.add(producer.send(new Message(world.topic, "A", World.text("m-" + i))));
        }
        for (int i = 0; i < 5; i++) {
            String wanted = "m-" + i;
            SendResult one = sent.get(i);
            World.await("message " + i, 20, () -> {
                try {
                    return World.text(admin.viewMessage(world.topic, one.getMsgId())).equals(wanted);
                } catch (Exception e) {
                    return false;
                }
            });
        }
    }

    /** Each message of a batch keeps what is its own; a broker refuses what cannot be batched. */
    private static void batchProperties(World world) throws Exception {
        DefaultMQProducer producer = world.producer();
        DefaultMQAdminExt admin = admin(world);
        World.sendNumbered(producer, world.topic, "A", "warm", 1);
        List<Message> batch = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            Message one = new Message(world.topic, i % 2 == 0 ? "even" : "odd",
                "batch-" + i + "-" + world.topic, World.text("m-" + i));
            one.putUserProperty("number", Integer.toString(i));
            batch.add(one);
        }
        long begin = System.currentTimeMillis() - 60000;
        World.same(6, producer.send(batch).getMsgId().split(",").length, "ids");
        BlockingQueue<MessageExt> seen = World.inbox();
        DefaultMQPushConsumer consumer = world.consumer(world.group);
        consumer.subscribe(world.topic, "even");
        consumer.registerMessageListener(World.into(seen));
        world.start(consumer);
        World.await("three of them", 40, () -> seen.size() >= 3);
        for (MessageExt message : seen) {
            World.same("m-" + message.getUserProperty("number"), World.text(message), "its own property");
        }
        World.await("one by its key", 20, () -> World.bodies(
            find(admin, world.topic, "batch-3-" + world.topic, begin, begin + 120000)).contains("m-3"));
        // What the client would refuse by itself, put past its checks.
        Message delayed = new Message("%RETRY%" + world.group, "A", World.text("no"));
        List<Message> wrong = new ArrayList<>();
        wrong.add(delayed);
        try {
            MessageBatch.generateFromList(wrong);
        } catch (UnsupportedOperationException e) {
            return; // refused before it is sent
        }
        throw new IllegalStateException("a batch to a retry topic was not refused");
    }
}
