"""What runs in fresh processes. These modules import at their top only the standard library's
smallest, because start-up and memory are among the things measured."""
