package svc;

import java.util.concurrent.*;
import java.util.*;

public class Work {
    static volatile int sink;

    public static int spin(String s) {
        int h = 7;
        for (int i = 0; i < 60; i++) {
            for (int k = 0; k < s.length(); k++) {
                h = h * 31 + s.charAt(k);
            }
        }
        sink = h;
        return h & 3;
    }

    public interface Job { Object go() throws Exception; }

    public static Object reflect(Object target, String method) throws Exception {
        return target.getClass().getMethod(method).invoke(target);
    }

    static void loop(ExecutorService pool, long endMs, Job job) {
        pool.submit(() -> {
            try {
                while (System.currentTimeMillis() < endMs) {
                    job.go();
                }
            } catch (Throwable t) {
                t.printStackTrace();
            }
        });
    }
}
