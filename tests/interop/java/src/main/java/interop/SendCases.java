package interop;

import interop.Case.Mark;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.exception.MQBrokerException;
import org.apache.rocketmq.client.exception.MQClientException;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendCallback;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.client.producer.SendStatus;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;

/** All ways to send, and that what was sent is what arrives. */
final class SendCases {
    private SendCases() {
    }

    static void addTo(Case.Catalogue cases) {
        cases.add("send_sync", SendCases::sync, Mark.BINARY);
        cases.add("send_async", SendCases::async);
        cases.add("send_oneway", SendCases::oneway, Mark.BINARY);
        cases.add("send_batch", SendCases::batch, Mark.BINARY);
        cases.add("send_properties", SendCases::properties, Mark.BINARY);
        cases.add("send_compressed", SendCases::compressed);
        cases.add("send_bad_input", SendCases::badInput);
        cases.add("send_to_queue", SendCases::toQueue);
        cases.add("send_delay_level", SendCases::delayLevel);
    }

    private static BlockingQueue<MessageExt> consumeAll(World world) throws Exception {
        BlockingQueue<MessageExt> seen = World.inbox();
        DefaultMQPushConsumer consumer = world.consumer(world.group);
        consumer.subscribe(world.topic, "*");
        consumer.registerMessageListener(World.into(seen));
        world.start(consumer);
        return seen;
    }

    private static void expect(World world, BlockingQueue<MessageExt> seen, TreeSet<String> wanted)
        throws Exception {
        World.await(wanted.size() + " messages", 30, () -> World.bodies(seen).containsAll(wanted));
        World.same(wanted, World.bodies(seen), "bodies");
        World.same(wanted.size(), seen.size(), "deliveries");
    }

    private static void sync(World world) throws Exception {
        DefaultMQProducer producer = world.producer();
        long[] last = new long[64];
        Arrays.fill(last, -1);
        for (int i = 0; i < 100; i++) {
            SendResult result = producer.send(new Message(world.topic, "A", World.text("m-" + i)));
            World.same(SendStatus.SEND_OK, result.getSendStatus(), "status");
            int queue = result.getMessageQueue().getQueueId();
            World.check(result.getQueueOffset() == last[queue] + 1, "queue offsets are consecutive");
            last[queue] = result.getQueueOffset();
            World.check(result.getMsgId() != null && result.getOffsetMsgId() != null, "ids");
        }
        expect(world, consumeAll(world), World.numbered("m", 100));
    }

    private static void async(World world) throws Exception {
        DefaultMQProducer producer = world.producer();
        int count = 300;
        CountDownLatch done = new CountDownLatch(count);
        List<Throwable> errors = Collections.synchronizedList(new ArrayList<>());
        for (int i = 0; i < count; i++) {
            producer.send(new Message(world.topic, "A", World.text("m-" + i)), new SendCallback() {
                @Override
                public void onSuccess(SendResult result) {
                    done.countDown();
                }

                @Override
                public void onException(Throwable e) {
                    errors.add(e);
                    done.countDown();
                }
            });
        }
        World.check(done.await(30, TimeUnit.SECONDS), "all callbacks came");
        World.check(errors.isEmpty(), "no send failed: " + errors);
        expect(world, consumeAll(world), World.numbered("m", count));
    }

    private static void oneway(World world) throws Exception {
        DefaultMQProducer producer = world.producer();
        World.sendNumbered(producer, world.topic, "A", "first", 1);
        for (int i = 0; i < 50; i++) {
            producer.sendOneway(new Message(world.topic, "A", World.text("m-" + i)));
        }
        TreeSet<String> wanted = World.numbered("m", 50);
        wanted.add("first-0");
        expect(world, consumeAll(world), wanted);
    }

    private static void batch(World world) throws Exception {
        DefaultMQProducer producer = world.producer();
        List<Message> messages = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            Message message = new Message(world.topic, "A", "k" + i, World.text("m-" + i));
            message.putUserProperty("n", Integer.toString(i));
            messages.add(message);
        }
        SendResult result = producer.send(messages);
        World.same(SendStatus.SEND_OK, result.getSendStatus(), "status");
        World.same(40, result.getMsgId().split(",").length, "unique ids");
        World.same(40, result.getOffsetMsgId().split(",").length, "offset ids");
        BlockingQueue<MessageExt> seen = consumeAll(world);
        expect(world, seen, World.numbered("m", 40));
        for (MessageExt message : seen) {
            World.same("m-" + message.getUserProperty("n"), World.text(message), "own property");
            World.same("k" + message.getUserProperty("n"), message.getKeys(), "own key");
        }
    }

    private static void properties(World world) throws Exception {
        DefaultMQProducer producer = world.producer();
        Message message = new Message(world.topic, "标签", "key-1 key-2", World.text("grüße 世界 🎭"));
        message.putUserProperty("colour", "grün");
        message.setFlag(77);
        SendResult result = producer.send(message);
        BlockingQueue<MessageExt> seen = consumeAll(world);
        World.await("the message", 30, () -> !seen.isEmpty());
        MessageExt got = seen.peek();
        World.same("grüße 世界 🎭", World.text(got), "body");
        World.same("标签", got.getTags(), "tag");
        World.same("key-1 key-2", got.getKeys(), "keys");
        World.same("grün", got.getUserProperty("colour"), "property");
        World.same(77, got.getFlag(), "flag");
        World.same(result.getMsgId(), got.getMsgId(), "unique id");
        World.same(result.getQueueOffset(), got.getQueueOffset(), "queue offset");
        World.same(world.topic, got.getTopic(), "topic");
        World.check(Math.abs(got.getStoreTimestamp() - System.currentTimeMillis()) < 60000, "store time");
    }

    private static void compressed(World world) throws Exception {
        DefaultMQProducer producer = world.producer();
        StringBuilder text = new StringBuilder();
        while (text.length() < 200000) {
            text.append("all the world's a stage ").append(text.length());
        }
        producer.send(new Message(world.topic, "A", World.text(text.toString())));
        BlockingQueue<MessageExt> seen = consumeAll(world);
        World.await("the message", 30, () -> !seen.isEmpty());
        World.check(World.text(seen.peek()).contentEquals(text), "the body came back whole");
        World.check(seen.peek().getStoreSize() < 100000, "it was stored compressed");
    }

    private static void badInput(World world) throws Exception {
        DefaultMQProducer producer = world.producer();
        producer.setMaxMessageSize(64 * 1024 * 1024);
        producer.setCompressMsgBodyOverHowmuch(Integer.MAX_VALUE);
        World.sendNumbered(producer, world.topic, "A", "m", 1);
        try {
            producer.send(new Message(world.topic, "A", new byte[5 * 1024 * 1024]));
            World.check(false, "5 MiB are refused");
        } catch (MQBrokerException e) {
            World.same(13, e.getResponseCode(), "MESSAGE_ILLEGAL");
        }
        Message wide = new Message(world.topic, "A", World.text("x"));
        StringBuilder value = new StringBuilder();
        while (value.length() < 40000) {
            value.append("0123456789");
        }
        wide.putUserProperty("wide", value.toString());
        try {
            producer.send(wide);
            World.check(false, "40 kB of properties are refused");
        } catch (MQBrokerException e) {
            World.same(13, e.getResponseCode(), "MESSAGE_ILLEGAL");
        }
        try {
            producer.send(new Message("no such/topic!", "A", World.text("x")));
            World.check(false, "a bad name is refused");
        } catch (MQClientException e) {
            // The client's own check.
        }
        World.sendNumbered(producer, world.topic, "A", "n", 1);
    }

    private static void toQueue(World world) throws Exception {
        DefaultMQProducer producer = world.producer();
        World.sendNumbered(producer, world.topic, "A", "warm", 1);
        for (int i = 0; i < 40; i++) {
            SendResult result = producer.send(new Message(world.topic, "A", World.text("m-" + i)),
                (queues, message, argument) -> queues.get((Integer) argument % queues.size()), i);
            World.same(i % 4, result.getMessageQueue().getQueueId(), "queue");
        }
        BlockingQueue<MessageExt> seen = consumeAll(world);
        World.await("41 messages", 30, () -> seen.size() >= 41);
        for (MessageExt message : seen) {
            String body = World.text(message);
            if (body.startsWith("m-")) {
                World.same(Integer.parseInt(body.substring(2)) % 4, message.getQueueId(), "queue");
            }
        }
    }

    private static void delayLevel(World world) throws Exception {
        DefaultMQProducer producer = world.producer();
        World.sendNumbered(producer, world.topic, "A", "now", 1);
        BlockingQueue<MessageExt> seen = consumeAll(world);
        World.await("the first", 30, () -> seen.size() == 1);
        Message message = new Message(world.topic, "A", World.text("later"));
        message.setDelayTimeLevel(2);
        long sent = System.currentTimeMillis();
        producer.send(message);
        World.await("the delayed one", 30, () -> seen.size() == 2);
        long late = System.currentTimeMillis() - sent;
        World.check(late >= 4900, "not early: " + late + " ms");
        World.check(late < 8000, "not late: " + late + " ms");
    }
}
