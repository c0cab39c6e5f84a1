package interop;

import interop.Case.Mark;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.stream.Collectors;
import org.apache.rocketmq.client.consumer.DefaultMQPullConsumer;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.PullResult;
import org.apache.rocketmq.client.consumer.PullStatus;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;

/** Consumers that fell behind what a server with little segments has removed. */
final class RetentionCases {
    private static final int BODY_BYTES = 2000;

    private RetentionCases() {
    }

    static void addTo(Case.Catalogue cases) {
        cases.add("behind_pull", RetentionCases::behindPull, Mark.RETENTION);
        cases.add("behind_push", RetentionCases::behindPush, Mark.RETENTION);
    }

    private static DefaultMQPullConsumer puller(World world) throws Exception {
        DefaultMQPullConsumer consumer = new DefaultMQPullConsumer("L_" + world.group);
        consumer.setNamesrvAddr(world.namesrv);
        consumer.setInstanceName(World.instance());
        consumer.start();
        world.atEnd(consumer::shutdown);
        return consumer;
    }

    /** The one queue that all messages go to. */
    private static MessageQueue queueOf(World world, DefaultMQProducer producer) throws Exception {
        List<MessageQueue> queues = producer.fetchPublishMessageQueues(world.topic);
        queues.sort(Comparator.comparingInt(MessageQueue::getQueueId));
        return queues.get(0);
    }

    private static void send(DefaultMQProducer producer, MessageQueue queue, int from, int count)
        throws Exception {
        StringBuilder rest = new StringBuilder();
        while (rest.length() < BODY_BYTES) {
            rest.append('.');
        }
        for (int i = from; i < from + count; i++) {
            producer.send(new Message(queue.getTopic(), "A", World.text(i + " " + rest)), queue);
        }
    }

    /** Sends until messages before `offset` are gone. Returns how many there are in all. */
    private static int sendUntilGone(DefaultMQProducer producer, DefaultMQPullConsumer looker,
        MessageQueue queue, int from, long offset) throws Exception {
        int sent = from;
        long end = System.currentTimeMillis() + 60_000;
        while (looker.minOffset(queue) <= offset) {
            World.check(System.currentTimeMillis() < end, "nothing was removed within 60 s");
            send(producer, queue, sent, 200);
            sent += 200;
            Thread.sleep(100);
        }
        return sent;
    }

    private static long number(MessageExt message) {
        return Long.parseLong(World.text(message).split(" ")[0]);
    }

    private static void behindPull(World world) throws Exception {
        DefaultMQProducer producer = world.producer();
        producer.send(new Message(world.topic, "A", World.text("makes the topic")));
        MessageQueue queue = queueOf(world, producer);
        DefaultMQPullConsumer consumer = puller(world);
        long first = consumer.maxOffset(queue);
        send(producer, queue, 0, 50);
        int sent = sendUntilGone(producer, consumer, queue, 50, first + 10);
        // The first one may move on between the two questions.
        PullResult moved;
        long min;
        do {
            min = consumer.minOffset(queue);
            moved = consumer.pull(queue, "*", first + 5, 32);
        } while (consumer.minOffset(queue) != min);
        World.same(PullStatus.OFFSET_ILLEGAL, moved.getPullStatus(), "behind the first");
        World.same(min, moved.getNextBeginOffset(), "where to go on");
        World.same(min, moved.getMinOffset(), "the first");
        PullResult found = consumer.pull(queue, "*", moved.getNextBeginOffset(), 32);
        if (found.getPullStatus() == PullStatus.FOUND) {
            MessageExt message = found.getMsgFoundList().get(0);
            World.same(min, message.getQueueOffset(), "the first is there");
            World.same(min - first, number(message), "its body");
        }
        World.check(sent > min - first, "some are left");
    }

    private static void behindPush(World world) throws Exception {
        DefaultMQProducer producer = world.producer();
        producer.send(new Message(world.topic, "A", World.text("0 makes the topic")));
        MessageQueue queue = queueOf(world, producer);
        DefaultMQPullConsumer looker = puller(world);
        long first = looker.maxOffset(queue);
        send(producer, queue, 0, 50);
        BlockingQueue<MessageExt> before = World.inbox();
        DefaultMQPushConsumer consumer = world.consumer(world.group);
        consumer.subscribe(world.topic, "*");
        consumer.registerMessageListener(World.into(before));
        consumer.start();
        World.await("the first ones", 30, () -> before.size() >= 51);
        consumer.shutdown(); // stores its progress
        int sent = sendUntilGone(producer, looker, queue, 50, first + 60);
        BlockingQueue<MessageExt> seen = World.inbox();
        consumer = world.consumer(world.group);
        consumer.subscribe(world.topic, "*");
        consumer.registerMessageListener(World.into(seen));
        world.start(consumer);
        // The client waits ten seconds before it follows.
        World.await("the last one", 60, () -> seen.stream()
            .anyMatch(x -> x.getQueueId() == queue.getQueueId() && x.getQueueOffset() == first + sent - 1));
        List<Long> offsets = seen.stream().filter(x -> x.getQueueId() == queue.getQueueId())
            .map(MessageExt::getQueueOffset).sorted().distinct().collect(Collectors.toList());
        long least = offsets.get(0);
        World.check(least > first + 60, "nothing that is gone comes, got " + least);
        World.same(first + sent - least, (long) offsets.size(), "no gap behind the first that is left");
        for (MessageExt message : seen) {
            if (message.getQueueId() == queue.getQueueId()) {
                World.same(message.getQueueOffset() - first, number(message), "body");
            }
        }
    }
}
