package interop;

import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.BlockingQueue;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.tools.command.MQAdminStartup;
import org.apache.rocketmq.tools.command.SubCommand;

/**
 * Runs mqadmin's own commands, one a line of the input, beside a producer and a consumer. Prints what there is to
 * name in commands (`FACT name value`), every command that this version has (`HAS name`), then for each line
 * `BEGIN` and `END ended|endless|threw output`, its output URL-encoded. A command may end the process.
 */
public final class Survey {
    private static final int COMMAND_MS_MAX = 15_000;
    private static final int INTERRUPTED_MS_MAX = 3_000;
    private static final PrintStream OUT = System.out;

    private Survey() {
    }

    public static void main(String[] args) throws Exception {
        World world = new World(args[0], "survey");
        DefaultMQProducer producer = world.producer();
        SendResult last = null;
        for (int i = 0; i < 20; i++) {
            last = producer.send(new Message(world.topic, "A", "key-" + i, World.text("m-" + i)));
        }
        BlockingQueue<MessageExt> seen = World.inbox();
        DefaultMQPushConsumer consumer = world.consumer(world.group);
        consumer.subscribe(world.topic, "*");
        consumer.registerMessageListener(World.into(seen));
        world.start(consumer);
        World.await("the messages", 60, () -> seen.size() >= 20);
        fact("T", world.topic);
        fact("G", world.group);
        fact("P", producer.getProducerGroup());
        fact("CID", consumer.buildMQClientId());
        fact("ID", last.getOffsetMsgId());
        fact("UK", last.getMsgId());
        fact("BN", last.getMessageQueue().getBrokerName());
        fact("Q", String.valueOf(last.getMessageQueue().getQueueId()));
        for (String name : commands()) {
            OUT.println("HAS " + name);
        }
        OUT.println("READY");
        OUT.flush();
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                run(line.split("\t"));
            }
        }
        System.exit(0);
    }

    private static void fact(String name, String value) {
        OUT.println("FACT " + name + " " + value);
    }

    /** The commands that mqadmin has registered: a static list, whatever its name in this version. */
    @SuppressWarnings("unchecked")
    private static List<SubCommand> registered() throws Exception {
        for (Field field : MQAdminStartup.class.getDeclaredFields()) {
            if (Modifier.isStatic(field.getModifiers()) && List.class.isAssignableFrom(field.getType())) {
                field.setAccessible(true);
                return (List<SubCommand>) field.get(null);
            }
        }
        throw new IllegalStateException("mqadmin keeps its commands elsewhere");
    }

    private static TreeSet<String> commands() throws Exception {
        Method init = MQAdminStartup.class.getDeclaredMethod("initCommand");
        init.setAccessible(true);
        init.invoke(null);
        TreeSet<String> names = new TreeSet<>();
        for (SubCommand one : registered()) {
            names.add(one.commandName());
        }
        return names;
    }

    private static void run(String[] command) throws Exception {
        registered().clear(); // commands keep what they have shut down
        OUT.println("BEGIN");
        OUT.flush();
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        PrintStream into = new PrintStream(said, true, "UTF-8");
        Throwable[] thrown = new Throwable[1];
        Thread runner = new Thread(() -> {
            try {
                MQAdminStartup.main0(command, null);
            } catch (Throwable e) {
                thrown[0] = e;
                e.printStackTrace(into);
            }
        });
        runner.setDaemon(true);
        System.setOut(into);
        System.setErr(into);
        runner.start();
        runner.join(COMMAND_MS_MAX);
        String how = runner.isAlive() ? "endless" : thrown[0] != null ? "threw" : "ended";
        runner.interrupt();
        runner.join(INTERRUPTED_MS_MAX); // what it still says is not the next one's
        OUT.println("END " + how + " " + URLEncoder.encode(said.toString("UTF-8"), "UTF-8"));
        OUT.flush();
    }
}
