package interop;

import interop.Case.Mark;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.BlockingQueue;
import java.util.stream.Collectors;
import org.apache.rocketmq.client.consumer.DefaultLitePullConsumer;
import org.apache.rocketmq.client.consumer.DefaultMQPullConsumer;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.PullResult;
import org.apache.rocketmq.client.consumer.PullStatus;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;

/** Push, pull and lite pull; tags; where a group begins. */
final class ConsumeCases {
    private ConsumeCases() {
    }

    static void addTo(Case.Catalogue cases) {
        cases.add("consume_tags", ConsumeCases::tags, Mark.BINARY);
        cases.add("consume_long_poll", ConsumeCases::longPoll);
        cases.add("consume_from_last", ConsumeCases::fromLast);
        cases.add("consume_from_time", ConsumeCases::fromTime);
        cases.add("consume_resume", ConsumeCases::resume);
        cases.add("lite_pull_subscribe", ConsumeCases::litePullSubscribe, Mark.BINARY);
        cases.add("lite_pull_assign_seek", ConsumeCases::litePullAssign);
        cases.add("pull_consumer", ConsumeCases::pullConsumer, Mark.BINARY);
    }

    private static void tags(World world) throws Exception {
        DefaultMQProducer producer = world.producer();
        for (String tag : new String[] {"A", "B", "C"}) {
            World.sendNumbered(producer, world.topic, tag, tag, 20);
        }
        BlockingQueue<MessageExt> seen = World.inbox();
        DefaultMQPushConsumer consumer = world.consumer(world.group);
        consumer.subscribe(world.topic, "A || C");
        consumer.registerMessageListener(World.into(seen));
        world.start(consumer);
        World.await("40 messages", 30, () -> seen.size() >= 40);
        Thread.sleep(500);
        TreeSet<String> wanted = World.numbered("A", 20);
        wanted.addAll(World.numbered("C", 20));
        World.same(wanted, World.bodies(seen), "bodies");
        World.same(40, seen.size(), "deliveries");
    }

    /** A parked pull is woken at once, not when its time is up. */
    private static void longPoll(World world) throws Exception {
        DefaultMQProducer producer = world.producer();
        World.sendNumbered(producer, world.topic, "A", "first", 1);
        BlockingQueue<MessageExt> seen = World.inbox();
        DefaultMQPushConsumer consumer = world.consumer(world.group);
        consumer.subscribe(world.topic, "*");
        consumer.registerMessageListener(World.into(seen));
        world.start(consumer);
        World.await("the first", 30, () -> seen.size() == 1);
        Thread.sleep(2000);
        for (int i = 0; i < 10; i++) {
            int before = seen.size();
            long sent = System.currentTimeMillis();
            producer.send(new Message(world.topic, "A", World.text("m-" + i)));
            World.await("message " + i, 10, () -> seen.size() > before);
            long took = System.currentTimeMillis() - sent;
            World.check(took < 1500, "woken on arrival, took " + took + " ms");
            Thread.sleep(100);
        }
    }

    private static void fromLast(World world) throws Exception {
        DefaultMQProducer producer = world.producer();
        BlockingQueue<MessageExt> first = World.inbox();
        World.sendNumbered(producer, world.topic, "A", "old", 30);
        DefaultMQPushConsumer consumer = world.consumer(world.group);
        consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_LAST_OFFSET);
        consumer.subscribe(world.topic, "*");
        consumer.registerMessageListener(World.into(first));
        world.start(consumer);
        // A small topic that never lost its start is read from 0 by a broker whatever the client
        // asked (semantics of QUERY_CONSUMER_OFFSET): the old ones come.
        World.await("30 old ones", 30, () -> first.size() >= 30);
        World.sendNumbered(producer, world.topic, "A", "new", 10);
        World.await("10 new ones", 30, () -> World.bodies(first).containsAll(World.numbered("new", 10)));
    }

    private static void fromTime(World world) throws Exception {
        DefaultMQProducer producer = world.producer();
        World.sendNumbered(producer, world.topic, "A", "old", 20);
        Thread.sleep(1500);
        long cut = System.currentTimeMillis();
        Thread.sleep(500);
        World.sendNumbered(producer, world.topic, "A", "new", 20);
        DefaultMQPullConsumer consumer = pull(world);
        TreeSet<String> bodies = new TreeSet<>();
        for (MessageQueue queue : consumer.fetchSubscribeMessageQueues(world.topic)) {
            long offset = consumer.searchOffset(queue, cut);
            long end = consumer.maxOffset(queue);
            for (MessageExt message : pullAll(consumer, queue, offset, end)) {
                bodies.add(World.text(message));
            }
        }
        World.same(World.numbered("new", 20), bodies, "from the time on");
    }

    private static void resume(World world) throws Exception {
        DefaultMQProducer producer = world.producer();
        World.sendNumbered(producer, world.topic, "A", "one", 40);
        BlockingQueue<MessageExt> first = World.inbox();
        DefaultMQPushConsumer consumer = world.consumer(world.group);
        consumer.subscribe(world.topic, "*");
        consumer.registerMessageListener(World.into(first));
        consumer.start();
        World.await("40 messages", 30, () -> first.size() >= 40);
        consumer.shutdown();
        World.sendNumbered(producer, world.topic, "A", "two", 40);
        BlockingQueue<MessageExt> second = World.inbox();
        consumer = world.consumer(world.group);
        consumer.subscribe(world.topic, "*");
        consumer.registerMessageListener(World.into(second));
        world.start(consumer);
        World.await("40 more", 30, () -> second.size() >= 40);
        Thread.sleep(300);
        World.same(World.numbered("two", 40), World.bodies(second), "only what came since");
    }

    private static void litePullSubscribe(World world) throws Exception {
        DefaultMQProducer producer = world.producer();
        World.sendNumbered(producer, world.topic, "A", "m", 60);
        DefaultLitePullConsumer consumer = lite(world);
        consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
        consumer.subscribe(world.topic, "*");
        consumer.start();
        List<MessageExt> seen = new ArrayList<>();
        World.await("60 messages", 40, () -> {
            seen.addAll(consumer.poll(500));
            return seen.size() >= 60;
        });
        World.same(World.numbered("m", 60), World.bodies(seen), "bodies");
        World.same(60, seen.size(), "deliveries");
    }

    private static void litePullAssign(World world) throws Exception {
        DefaultMQProducer producer = world.producer();
        World.sendNumbered(producer, world.topic, "A", "m", 40);
        DefaultLitePullConsumer consumer = lite(world);
        consumer.setAutoCommit(false);
        consumer.start();
        Collection<MessageQueue> queues = consumer.fetchMessageQueues(world.topic);
        World.same(4, queues.size(), "queues");
        consumer.assign(queues);
        // A seek that meets the first pull while that looks for its place can be lost in the client.
        Thread.sleep(1000);
        for (MessageQueue queue : queues) {
            consumer.seek(queue, 5);
        }
        List<MessageExt> seen = new ArrayList<>();
        World.await("20 messages", 30, () -> {
            seen.addAll(consumer.poll(500));
            return seen.size() >= 20;
        });
        for (MessageExt message : seen) {
            World.check(message.getQueueOffset() >= 5, "nothing before the place");
        }
        consumer.commitSync();
        MessageQueue any = queues.iterator().next();
        long[] committed = {-1};
        try {
            World.await("the commit", 20, () -> {
                try {
                    committed[0] = consumer.committed(any);
                    return committed[0] == 10;
                } catch (Exception e) {
                    return false;
                }
            });
        } catch (IllegalStateException e) {
            throw new IllegalStateException(e.getMessage() + ", found " + committed[0] + " in " + any + ", saw "
                + seen.stream().map(x -> x.getQueueId() + ":" + x.getQueueOffset())
                    .collect(Collectors.joining(" ")), e);
        }
        consumer.seekToBegin(any);
        List<MessageExt> again = new ArrayList<>();
        World.await("the first ones again", 30, () -> {
            again.addAll(consumer.poll(500));
            return again.stream().anyMatch(x -> x.getQueueOffset() == 0);
        });
    }

    private static void pullConsumer(World world) throws Exception {
        DefaultMQProducer producer = world.producer();
        World.sendNumbered(producer, world.topic, "A", "m", 100);
        DefaultMQPullConsumer consumer = pull(world);
        List<MessageExt> seen = new ArrayList<>();
        for (MessageQueue queue : consumer.fetchSubscribeMessageQueues(world.topic)) {
            World.same(0L, consumer.minOffset(queue), "min offset");
            World.same(25L, consumer.maxOffset(queue), "max offset");
            World.check(consumer.earliestMsgStoreTime(queue) > 0, "earliest store time");
            seen.addAll(pullAll(consumer, queue, 0, 25));
            PullResult end = consumer.pull(queue, "*", 25, 32);
            World.same(PullStatus.NO_NEW_MSG, end.getPullStatus(), "at the end");
            PullResult past = consumer.pull(queue, "*", 1000, 32);
            World.same(PullStatus.OFFSET_ILLEGAL, past.getPullStatus(), "past the end");
            World.same(25L, past.getNextBeginOffset(), "where to go on");
            consumer.updateConsumeOffset(queue, 25);
            World.same(25L, consumer.fetchConsumeOffset(queue, false), "own progress");
        }
        World.same(World.numbered("m", 100), World.bodies(seen), "bodies");
        PullResult none = consumer.pull(consumer.fetchSubscribeMessageQueues(world.topic).iterator().next(),
            "NO_SUCH_TAG", 0, 32);
        World.same(PullStatus.NO_MATCHED_MSG, none.getPullStatus(), "no tag matches");
    }

    private static DefaultLitePullConsumer lite(World world) {
        DefaultLitePullConsumer consumer = new DefaultLitePullConsumer(world.group);
        consumer.setNamesrvAddr(world.namesrv);
        consumer.setInstanceName(World.instance());
        world.atEnd(consumer::shutdown);
        return consumer;
    }

    private static DefaultMQPullConsumer pull(World world) throws Exception {
        DefaultMQPullConsumer consumer = new DefaultMQPullConsumer(world.group);
        consumer.setNamesrvAddr(world.namesrv);
        consumer.setInstanceName(World.instance());
        consumer.start();
        world.atEnd(consumer::shutdown);
        return consumer;
    }

    private static List<MessageExt> pullAll(DefaultMQPullConsumer consumer, MessageQueue queue, long from,
        long end) throws Exception {
        List<MessageExt> seen = new ArrayList<>();
        long next = from;
        while (next < end) {
            PullResult result = consumer.pull(queue, "*", next, 10);
            World.same(PullStatus.FOUND, result.getPullStatus(), "pull at " + next);
            World.check(result.getMsgFoundList().size() <= 10, "the batch limit holds");
            seen.addAll(result.getMsgFoundList());
            next = result.getNextBeginOffset();
        }
        return seen;
    }
}
