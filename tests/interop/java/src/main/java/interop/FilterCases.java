package interop;

import interop.Case.Mark;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.BlockingQueue;
import org.apache.rocketmq.client.consumer.DefaultLitePullConsumer;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.MessageSelector;
import org.apache.rocketmq.client.exception.MQClientException;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;

/** Consumers that filter by SQL92 over properties. */
final class FilterCases {
    private FilterCases() {
    }

    static void addTo(Case.Catalogue cases) {
        cases.add("filter_sql", FilterCases::sql, Mark.BINARY);
        cases.add("filter_sql_nulls_and_types", FilterCases::nullsAndTypes);
        cases.add("filter_sql_wakes", FilterCases::wakes);
        cases.add("filter_sql_lite_pull", FilterCases::litePull);
        cases.add("filter_sql_retry", FilterCases::retry, Mark.SLOW);
        cases.add("filter_sql_refused", FilterCases::refused);
    }

    private static void send(DefaultMQProducer producer, World world, String body, String... properties)
        throws Exception {
        Message message = new Message(world.topic, "A", World.text(body));
        for (int i = 0; i < properties.length; i += 2) {
            message.putUserProperty(properties[i], properties[i + 1]);
        }
        producer.send(message);
    }

    private static BlockingQueue<MessageExt> consume(World world, String expression) throws Exception {
        BlockingQueue<MessageExt> seen = World.inbox();
        DefaultMQPushConsumer consumer = world.consumer(world.group);
        consumer.subscribe(world.topic, MessageSelector.bySql(expression));
        consumer.registerMessageListener(World.into(seen));
        world.start(consumer);
        return seen;
    }

    private static void sql(World world) throws Exception {
        DefaultMQProducer producer = world.producer();
        TreeSet<String> wanted = new TreeSet<>();
        for (int i = 0; i < 60; i++) {
            String region = i % 3 == 0 ? "eu" : i % 3 == 1 ? "us" : "asia";
            send(producer, world, "m-" + i, "price", Integer.toString(i), "region", region);
            if (i >= 10 && i <= 40 && !region.equals("asia")) {
                wanted.add("m-" + i);
            }
        }
        BlockingQueue<MessageExt> seen = consume(world,
            "price BETWEEN 10 AND 40 AND region IN ('eu', 'us') AND TAGS IS NOT NULL");
        World.await(wanted.size() + " messages", 40, () -> seen.size() >= wanted.size());
        Thread.sleep(1000);
        World.same(wanted, World.bodies(seen), "bodies");
        World.same(wanted.size(), seen.size(), "deliveries");
    }

    private static void nullsAndTypes(World world) throws Exception {
        DefaultMQProducer producer = world.producer();
        send(producer, world, "yes-0", "a", "6");
        send(producer, world, "no-0", "a", "5");
        send(producer, world, "no-1", "a", "six");
        send(producer, world, "no-2");
        send(producer, world, "no-3", "a", "6", "gone", "true");
        send(producer, world, "yes-1", "a", "6.5");
        send(producer, world, "yes-2", "a", "7", "note", "it's here");
        BlockingQueue<MessageExt> seen = consume(world,
            "a > 5.0 AND gone IS NULL AND (note IS NULL OR note CONTAINS 'it''s') -- a comment\n");
        World.await("3 messages", 40, () -> seen.size() >= 3);
        Thread.sleep(1000);
        World.same(World.numbered("yes", 3), World.bodies(seen), "bodies");
    }

    /** What does not match leaves the pull parked, what does wakes it at once. */
    private static void wakes(World world) throws Exception {
        DefaultMQProducer producer = world.producer();
        send(producer, world, "first", "n", "1");
        BlockingQueue<MessageExt> seen = consume(world, "n > 0");
        World.await("the first", 40, () -> seen.size() == 1);
        Thread.sleep(2000);
        for (int i = 0; i < 5; i++) {
            for (int j = 0; j < 4; j++) {
                send(producer, world, "no", "n", "-1");
            }
            int before = seen.size();
            long sent = System.currentTimeMillis();
            send(producer, world, "yes-" + i, "n", "1");
            World.await("message " + i, 10, () -> seen.size() > before);
            long took = System.currentTimeMillis() - sent;
            World.check(took < 1500, "woken on arrival, took " + took + " ms");
        }
        World.same(6, seen.size(), "deliveries");
    }

    private static void litePull(World world) throws Exception {
        DefaultMQProducer producer = world.producer();
        for (int i = 0; i < 40; i++) {
            send(producer, world, "m-" + i, "n", Integer.toString(i));
        }
        DefaultLitePullConsumer consumer = new DefaultLitePullConsumer(world.group);
        consumer.setNamesrvAddr(world.namesrv);
        consumer.setInstanceName(World.instance());
        consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
        world.atEnd(consumer::shutdown);
        consumer.subscribe(world.topic, MessageSelector.bySql("n < 10"));
        consumer.start();
        List<MessageExt> seen = new ArrayList<>();
        World.await("10 messages", 40, () -> {
            seen.addAll(consumer.poll(500));
            return seen.size() >= 10;
        });
        World.same(World.numbered("m", 10), World.bodies(seen), "bodies");
    }

    /** A retried message comes again although the filter is not asked about the retry topic. */
    private static void retry(World world) throws Exception {
        DefaultMQProducer producer = world.producer();
        send(producer, world, "yes", "n", "1");
        send(producer, world, "no", "n", "0");
        BlockingQueue<MessageExt> seen = World.inbox();
        DefaultMQPushConsumer consumer = world.consumer(world.group);
        consumer.subscribe(world.topic, MessageSelector.bySql("n = 1"));
        consumer.registerMessageListener(
            (org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently) (messages, context) -> {
                seen.addAll(messages);
                context.setDelayLevelWhenNextConsume(1);
                return messages.get(0).getReconsumeTimes() == 0
                    ? org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus.RECONSUME_LATER
                    : org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
            });
        world.start(consumer);
        World.await("it and its retry", 90, () -> seen.size() >= 2);
        for (MessageExt message : seen) {
            World.same("yes", World.text(message), "body");
        }
    }

    private static void refused(World world) throws Exception {
        DefaultMQProducer producer = world.producer();
        World.sendNumbered(producer, world.topic, "A", "m", 1);
        DefaultMQPushConsumer consumer = world.consumer(world.group);
        consumer.subscribe(world.topic, MessageSelector.bySql("price > > 1"));
        consumer.registerMessageListener(World.into(World.inbox()));
        world.atEnd(consumer::shutdown);
        try {
            consumer.start();
        } catch (MQClientException e) {
            World.same(23, e.getResponseCode(), "response code");
            return;
        }
        throw new IllegalStateException("a bad expression was not refused");
    }
}
