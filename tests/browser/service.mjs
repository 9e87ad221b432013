// A made-up Groovy order service: the profile that the report's screenshots and most tests show.
// Everything derives from one seed; shares follow what such services look like (deep dynamic
// dispatch, a JDBC pool, JSON, JIT and GC threads), so the page is judged on a realistic picture.

import { Profile } from "./encode.mjs";

/** Deterministic random numbers in [0, 1) (mulberry32). */
export function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const THREAD = ["java.lang.Thread.run", "org.eclipse.jetty.util.thread.QueuedThreadPool$Runner.run",
  "org.eclipse.jetty.util.thread.QueuedThreadPool.runJob", "org.eclipse.jetty.io.FillInterest.fillable",
  "org.eclipse.jetty.server.internal.HttpConnection.onFillable", "org.eclipse.jetty.server.Server.handle",
  "org.eclipse.jetty.ee10.servlet.ServletHandler.handle", "jakarta.servlet.http.HttpServlet.service"];

// What the indy runtime of Groovy 4 puts between two user methods.
const DISPATCH = ["java.lang.invoke.Invokers$Holder.linkToCallSite", "java.lang.invoke.LambdaForm$MH.invoke",
  "java.lang.invoke.LambdaForm$DMH.invokeStatic", "org.codehaus.groovy.vmplugin.v8.IndyInterface.fromCache",
  "java.lang.invoke.Invokers$Holder.invokeExact_MT", "java.lang.invoke.LambdaForm$MH.invoke",
  "java.lang.invoke.DelegatingMethodHandle$Holder.delegate", "java.lang.invoke.LambdaForm$MH.guard",
  "java.lang.invoke.DelegatingMethodHandle$Holder.delegate", "java.lang.invoke.LambdaForm$MH.guardWithCatch",
  "java.lang.invoke.LambdaForm$MH.invoke", "java.lang.invoke.DirectMethodHandle$Holder.invokeVirtual"];
const CLOSURE = ["groovy.lang.Closure.call", "groovy.lang.MetaClassImpl.invokeMethod",
  "org.codehaus.groovy.runtime.metaclass.ClosureMetaClass.invokeMethod", "groovy.lang.MetaMethod.doMethodInvoke",
  "org.codehaus.groovy.reflection.CachedMethod.invoke", "java.lang.reflect.Method.invoke",
  "jdk.internal.reflect.DirectMethodHandleAccessor.invoke", "java.lang.invoke.LambdaForm$MH.invoke",
  "java.lang.invoke.DirectMethodHandle$Holder.invokeSpecial"];

// Call paths below the servlet as `weight, frames`; `~` before a name marks a dynamic Groovy call.
const PATHS = [
  [17.4, "~shop.OrdersController.list ~shop.OrderService.priced ~shop.PriceRules.apply ~shop.PriceRules.apply{closure} ~shop.Discounts.forCustomer ~shop.Discounts.forCustomer{closure}"],
  [6.1, "~shop.OrdersController.list ~shop.OrderService.priced ~shop.PriceRules.apply ~shop.PriceRules.round java.math.BigDecimal.setScale java.math.BigDecimal.divideAndRound"],
  [5.2, "~shop.OrdersController.list ~shop.OrderService.priced ~shop.PriceRules.apply org.codehaus.groovy.runtime.DefaultGroovyMethods.inject ~shop.PriceRules.apply{closure} org.codehaus.groovy.runtime.typehandling.NumberMath.multiply"],
  [8.3, "~shop.OrdersController.list ~shop.OrderRepository.findOpen groovy.sql.Sql.rows com.zaxxer.hikari.pool.HikariProxyPreparedStatement.executeQuery org.h2.jdbc.JdbcPreparedStatement.executeQuery org.h2.command.CommandContainer.query org.h2.command.query.Select.queryFlat org.h2.table.TableFilter.next org.h2.index.IndexCursor.next org.h2.mvstore.db.MVSecondaryIndex.find"],
  [3.9, "~shop.OrdersController.list ~shop.OrderRepository.lines{closure} groovy.sql.Sql.eachRow com.zaxxer.hikari.pool.HikariProxyPreparedStatement.executeQuery org.h2.jdbc.JdbcPreparedStatement.executeQuery org.h2.command.CommandContainer.query org.h2.command.query.Select.queryFlat org.h2.value.ValueVarchar.compareTo"],
  [7.2, "~shop.OrdersController.list groovy.json.JsonOutput.toJson groovy.json.DefaultJsonGenerator.writeObject groovy.json.DefaultJsonGenerator.writeMap groovy.json.DefaultJsonGenerator.writeObject groovy.json.CharBuf.addJsonEscapedString"],
  [3.3, "~shop.OrdersController.list groovy.json.JsonOutput.toJson groovy.json.DefaultJsonGenerator.writeObject groovy.json.DefaultJsonGenerator.writeMap java.util.LinkedHashMap.forEach"],
  [6.4, "~shop.OrdersController.create groovy.json.JsonSlurper.parse org.apache.groovy.json.internal.JsonParserCharArray.decodeValue org.apache.groovy.json.internal.JsonParserCharArray.decodeJsonObject org.apache.groovy.json.internal.JsonParserCharArray.decodeString"],
  [4.4, "~shop.OrdersController.create ~shop.OrderService.validate ~shop.Rules.check{closure} groovy.lang.GroovyShell.evaluate groovy.lang.GroovyClassLoader.parseClass org.codehaus.groovy.control.CompilationUnit.compile org.codehaus.groovy.control.CompilationUnit$ISourceUnitOperation.doPhaseOperation org.codehaus.groovy.classgen.AsmClassGenerator.visitMethod org.objectweb.asm.ClassWriter.toByteArray"],
  [2.9, "~shop.OrdersController.create ~shop.OrderService.validate ~shop.Rules.check{closure} groovy.lang.GroovyShell.evaluate groovy.lang.GroovyClassLoader.parseClass org.apache.groovy.parser.antlr4.AstBuilder.buildAST org.apache.groovy.parser.antlr4.GroovyParser.compilationUnit groovyjarjarantlr4.v4.runtime.atn.ParserATNSimulator.adaptivePredict groovyjarjarantlr4.v4.runtime.atn.ParserATNSimulator.closureImpl groovyjarjarantlr4.v4.runtime.atn.ParserATNSimulator.closureImpl groovyjarjarantlr4.v4.runtime.atn.ParserATNSimulator.closureImpl"],
  [2.2, "~shop.OrdersController.create ~shop.StockClient.reserve java.net.http.HttpClient.send jdk.internal.net.http.HttpClientImpl.send java.util.concurrent.CompletableFuture.get java.util.concurrent.locks.LockSupport.park =libc.so.6.__futex_abstimed_wait_common64 %do_syscall_64 %futex_wait"],
  [1.8, "~shop.OrdersController.create ~shop.Audit.trail{closure} ~shop.Audit.mask java.util.regex.Matcher.replaceAll java.util.regex.Pattern$GroupHead.match java.util.regex.Pattern$Curly.match0"],
  [2.6, "~shop.ReportsController.daily ~shop.Reports.totals org.codehaus.groovy.runtime.DefaultGroovyMethods.groupBy ~shop.Reports.totals{closure} java.time.format.DateTimeFormatter.format java.time.format.DateTimePrinterContext.getValue"],
  [2.0, "~shop.ReportsController.daily ~shop.Reports.totals org.codehaus.groovy.runtime.DefaultGroovyMethods.collect ~shop.Reports.totals{closure} java.util.HashMap.resize"],
  [1.4, "org.eclipse.jetty.server.internal.HttpConnection.send sun.nio.ch.SocketChannelImpl.write sun.nio.ch.SocketDispatcher.write0 =libc.so.6.__libc_write %do_syscall_64 %tcp_sendmsg %tcp_write_xmit"],
  [1.0, "!unknown_Java"], [0.5, "^truncated"],
];
// What any of them may end in.
const TAILS = ["java.util.HashMap.get java.util.HashMap.getNode", "org.codehaus.groovy.runtime.GStringImpl.toString java.lang.StringBuilder.append java.lang.StringLatin1.inflate",
  "java.util.ArrayList.add java.util.ArrayList.grow java.util.Arrays.copyOf", "java.lang.String.hashCode", "java.math.BigDecimal.multiply java.math.BigInteger.multiply java.math.BigInteger.multiplyToLen",
  "groovy.lang.MetaClassImpl.getMethodWithCaching java.util.concurrent.ConcurrentHashMap.get", "java.util.LinkedHashMap.put java.util.HashMap.putVal java.util.HashMap.resize",
  "org.codehaus.groovy.runtime.DefaultGroovyMethods.asType java.lang.Class.isInstance", "java.lang.String.equals java.lang.StringLatin1.equals", "java.util.Iterator.next",
  "=libjvm.so.OptoRuntime::new_array_C =libjvm.so.MemAllocator::allocate =libjvm.so.G1CollectedHeap::mem_allocate", "=libc.so.6.__memmove_avx_unaligned_erms",
  "java.lang.Object.clone", "java.util.stream.ReferencePipeline.collect java.util.stream.AbstractPipeline.evaluate java.util.ArrayList$ArrayListSpliterator.forEachRemaining"];
const VM = [
  [6.2, "C2 CompilerThread", "Compile::Compile Compile::Optimize PhaseIdealLoop::build_and_optimize PhaseIdealLoop::build_loop_late"],
  [3.1, "C2 CompilerThread", "Compile::Compile Compile::Code_Gen PhaseChaitin::Register_Allocate PhaseChaitin::Split"],
  [1.9, "C1 CompilerThread", "Compilation::compile_method Compilation::compile_java_method LinearScan::do_linear_scan"],
  [4.8, "GC", "WorkerThread::run G1EvacuateYoungRegionsTask::work G1ParScanThreadState::trim_queue G1ParScanThreadState::do_copy_to_survivor_space"],
  [1.5, "GC", "G1ConcurrentMarkThread::run_service G1CMTask::do_marking_step G1CMTask::drain_local_queue"],
];

const GROOVY = /^shop\./;
const RUNTIME = /^(groovy|org\.codehaus\.groovy|org\.apache\.groovy)\./;

/** Splits `pkg.Class.method` (or `Class::method`) into what a frame holds. */
function named(profile, text) {
  const mark = text[0];
  const name = "~=%!^".includes(mark) ? text.slice(1) : text;
  if (mark === "%") return profile.frame("", name, "kernel");
  if (mark === "!") return profile.frame("", `[${name}]`, "error");
  if (mark === "^") return profile.frame("", `[${name}]`, "truncated");
  const cut = name.replace(/\{closure\}$/, "").lastIndexOf(".");
  const [cls, method] = [name.slice(0, cut), name.slice(cut + 1)];
  if (mark === "=") return profile.frame(cls, method, cls === "libjvm.so" ? "jvm" : "native");
  const file = `${cls.replace(/^.*\./, "").replace(/\$.*$/, "")}.${GROOVY.test(cls) ? "groovy" : "java"}`;
  const line = 20 + ([...name].reduce((sum, c) => (sum * 31 + c.charCodeAt(0)) % 997, 7) % 300);
  return profile.frame(cls, method.replace("{closure}", " {closure}"), GROOVY.test(cls) ? "groovy" : "java", file, line);
}

function dispatch(profile, names) {
  return names.map((name) => {
    const cut = name.lastIndexOf(".");
    return profile.frame(name.slice(0, cut), name.slice(cut + 1), "dispatch");
  });
}

/** One request's stack, folded and unfolded; it may end early or in a common leaf. */
function requestStack(profile, path, rand) {
  const folded = THREAD.map((name) => named(profile, name));
  const unfolded = [...folded];
  let parts = path.split(" ");
  if (rand() < 0.3 && parts.length > 2) parts = parts.slice(0, 2 + Math.floor(rand() * (parts.length - 2)));
  if (rand() < 0.4) {
    const tail = TAILS[Math.floor(rand() ** 1.6 * TAILS.length)].split(" ");
    parts.push(...tail.slice(0, 1 + Math.floor(Math.sqrt(rand()) * tail.length)));
  }
  for (const part of parts) {
    if (part[0] === "~") unfolded.push(...dispatch(profile, part.endsWith("{closure}") ? CLOSURE : DISPATCH));
    const id = named(profile, part);
    folded.push(id);
    unfolded.push(id);
  }
  if (rand() < 0.06) { // the rest of a dynamic call that is itself at work
    const rest = dispatch(profile, DISPATCH.slice(0, 3 + Math.floor(rand() * 8)));
    unfolded.push(...rest);
    folded.push(profile.frame("", "[Groovy dispatch]", "dispatch"));
  }
  return { folded, unfolded };
}

function pick(rows, rand) {
  let left = rand() * rows.reduce((sum, row) => sum + row[0], 0);
  return rows.find((row) => (left -= row[0]) < 0) ?? rows[rows.length - 1];
}

/** The service's profile: {profile, folded, unfolded}, stacks in the shape of Profile.stacks. */
export function serviceProfile(samples = 12_000, seed = 7) {
  const rand = random(seed);
  const profile = new Profile();
  const unfolded = [];
  const web = profile.group("qtp-http");
  const batch = profile.group("report-scheduler");
  for (let i = 0; i < samples; i++) {
    if (rand() < 0.16) {
      const [, group, path] = pick(VM, rand);
      const frames = path.split(" ").map((name) => profile.frame("libjvm.so", name, "jvm"));
      const all = [profile.frame("libc.so.6", "start_thread", "native"), ...frames.slice(0, 1 + Math.floor(Math.sqrt(rand()) * frames.length))];
      profile.add(all, profile.group(group), 1);
      unfolded.push(profile.stacks[profile.stacks.length - 1]);
      continue;
    }
    const [, path] = pick(PATHS, rand);
    const stack = requestStack(profile, path, rand);
    const group = path.includes("Reports") ? batch : web;
    profile.add(stack.folded, group, 1);
    unfolded.push({ ...profile.stacks[profile.stacks.length - 1], frames: stack.unfolded });
  }
  return { profile, folded: profile.stacks, unfolded };
}

/** A call graph of `count` methods: most call one other method, some a handful. */
function callGraph(count, rand) {
  return Array.from({ length: count }, () => {
    const fan = rand() < 0.7 ? 1 : 2 + Math.floor(rand() ** 2 * 5);
    return Array.from({ length: fan }, () => Math.floor(rand() * count));
  });
}

/** `distinct` different stacks, 20 to 120 frames deep: walks over a call graph of 12,000 methods. */
export function largeProfile(distinct = 100_000, seed = 11) {
  const rand = random(seed);
  const profile = new Profile();
  const kinds = ["java", "java", "groovy", "java", "native", "dispatch"];
  const ids = Array.from({ length: 12_000 }, (_, i) =>
    profile.frame(`com.shop.p${i % 97}.q${i % 13}.Service${i % 1500}`, `method${i}`, kinds[i % kinds.length], `Service${i % 1500}.java`, i % 900));
  const groups = Array.from({ length: 12 }, (_, i) => profile.group(`pool-${i}`));
  const callees = callGraph(ids.length, rand);
  const seen = new Set();
  while (seen.size < distinct) {
    const depth = 20 + Math.floor(rand() * 100);
    const frames = [];
    for (let at = Math.floor(rand() ** 3 * 24); frames.length < depth;) {
      frames.push(ids[at]);
      const next = callees[at];
      at = next[Math.floor(rand() ** 3 * next.length)];
    }
    const key = frames.join();
    if (seen.has(key)) continue;
    seen.add(key);
    profile.add(frames, groups[Math.floor(rand() * groups.length)], 1 + Math.floor(rand() ** 8 * 200));
  }
  return profile;
}
