package interop;

import interop.Case.Mark;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;
import org.apache.rocketmq.tools.admin.DefaultMQAdminExt;

/** What an administrator asks of groups: how far behind, since when, and how to change that. */
final class BacklogCases {
    private BacklogCases() {
    }

    static void addTo(Case.Catalogue cases) {
        cases.add("admin_backlog", BacklogCases::backlog, Mark.SLOW);
        cases.add("admin_reset_dead_group", BacklogCases::resetDead, Mark.SLOW);
        cases.add("admin_clone_offsets", BacklogCases::cloneOffsets, Mark.SLOW);
        cases.add("admin_ask_consumers", BacklogCases::askConsumers, Mark.SLOW);
    }

    private static DefaultMQAdminExt admin(World world) throws Exception {
        DefaultMQAdminExt admin = new DefaultMQAdminExt();
        admin.setNamesrvAddr(world.namesrv);
        admin.setInstanceName(World.instance());
        admin.start();
        world.atEnd(admin::shutdown);
        return admin;
    }

    private static String broker(DefaultMQAdminExt admin) throws Exception {
        return admin.examineBrokerClusterInfo().getBrokerAddrTable().values().iterator().next()
            .getBrokerAddrs().get(0L);
    }

    private static DefaultMQPushConsumer consumer(World world, BlockingQueue<MessageExt> seen) throws Exception {
        DefaultMQPushConsumer consumer = world.consumer(world.group);
        consumer.subscribe(world.topic, "*");
        consumer.registerMessageListener(World.into(seen));
        consumer.start();
        return consumer;
    }

    /** Consumes `count` messages, then leaves with its progress known. */
    private static void consumeAndLeave(World world, int count) throws Exception {
        BlockingQueue<MessageExt> seen = World.inbox();
        DefaultMQPushConsumer consumer = consumer(world, seen);
        World.await(count + " messages", 40, () -> seen.size() >= count);
        consumer.shutdown();
    }

    private static long behind(DefaultMQAdminExt admin, World world, String group) throws Exception {
        return admin.examineConsumeStats(group, world.topic).getOffsetTable().values().stream()
            .mapToLong(x -> x.getBrokerOffset() - x.getConsumerOffset()).sum();
    }

    private static void backlog(World world) throws Exception {
        DefaultMQProducer producer = world.producer();
        World.sendNumbered(producer, world.topic, "A", "one", 20);
        consumeAndLeave(world, 20);
        long left = System.currentTimeMillis();
        Thread.sleep(1500);
        World.sendNumbered(producer, world.topic, "A", "two", 12);
        Thread.sleep(1500);
        DefaultMQAdminExt admin = admin(world);
        World.same(12L, behind(admin, world, world.group), "messages behind");
        long oldest = admin.queryConsumeTimeSpan(world.topic, world.group).stream()
            .mapToLong(x -> x.getDelayTime()).max().orElse(0);
        World.check(oldest >= 1500 && oldest <= System.currentTimeMillis() - left,
            "age of the first unread one: " + oldest);
        for (Map.Entry<MessageQueue, ?> row
            : admin.examineConsumeStats(world.group, world.topic).getOffsetTable().entrySet()) {
            World.same(world.topic, row.getKey().getTopic(), "topic");
        }
        long listed = admin.fetchConsumeStatsInBroker(broker(admin), false, 10000).getConsumeStatsList().stream()
            .filter(x -> x.containsKey(world.group)).count();
        World.same(1L, listed, "times in the broker's list");
    }

    private static void resetDead(World world) throws Exception {
        DefaultMQProducer producer = world.producer();
        World.sendNumbered(producer, world.topic, "A", "old", 20);
        Thread.sleep(1200);
        long cut = System.currentTimeMillis();
        Thread.sleep(1200);
        World.sendNumbered(producer, world.topic, "A", "new", 20);
        consumeAndLeave(world, 40);
        Thread.sleep(1500);
        DefaultMQAdminExt admin = admin(world);
        World.same(0L, behind(admin, world, world.group), "behind before");
        admin.resetOffsetByTimestamp(world.topic, world.group, cut, true);
        BlockingQueue<MessageExt> seen = World.inbox();
        DefaultMQPushConsumer consumer = consumer(world, seen);
        world.atEnd(consumer::shutdown);
        World.await("the new ones again", 40, () -> seen.size() >= 20);
        Thread.sleep(500);
        World.same(World.numbered("new", 20), World.bodies(seen), "from the time on");
    }

    private static void cloneOffsets(World world) throws Exception {
        DefaultMQProducer producer = world.producer();
        World.sendNumbered(producer, world.topic, "A", "one", 20);
        consumeAndLeave(world, 20);
        World.sendNumbered(producer, world.topic, "A", "two", 5);
        Thread.sleep(1500);
        DefaultMQAdminExt admin = admin(world);
        String other = world.group + "_other";
        admin.cloneGroupOffset(world.group, other, world.topic, true);
        BlockingQueue<MessageExt> seen = World.inbox();
        DefaultMQPushConsumer consumer = world.consumer(other);
        consumer.subscribe(world.topic, "*");
        consumer.registerMessageListener(World.into(seen));
        world.start(consumer);
        World.await("what the first has not consumed", 40, () -> seen.size() >= 5);
        Thread.sleep(500);
        World.same(World.numbered("two", 5), World.bodies(seen), "bodies");
    }

    private static void askConsumers(World world) throws Exception {
        DefaultMQProducer producer = world.producer();
        World.sendNumbered(producer, world.topic, "A", "m", 20);
        BlockingQueue<MessageExt> seen = World.inbox();
        DefaultMQPushConsumer consumer = consumer(world, seen);
        world.atEnd(consumer::shutdown);
        World.await("20 messages", 40, () -> seen.size() >= 20);
        DefaultMQAdminExt admin = admin(world);
        World.await("its own count to be told", 30, () -> {
            try {
                Map<String, Map<MessageQueue, Long>> told = admin.getConsumeStatus(world.topic, world.group, "");
                return told.size() == 1 && told.values().iterator().next().values().stream()
                    .mapToLong(x -> x).sum() == 20;
            } catch (Exception e) {
                return false;
            }
        });
        // A producer that found its broker after its first heartbeat sends the next one 30 s later.
        World.await("the producer's connection", 40, () -> {
            try {
                return admin.examineProducerConnectionInfo("P_" + world.group, world.topic).getConnectionSet()
                    .size() >= 1;
            } catch (Exception e) {
                return false;
            }
        });
    }
}
