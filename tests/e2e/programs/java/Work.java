/** A block of work that burns CPU; the argument says how much. */
public interface Work {
    long run(int amount);
}
